"""Rules of subscriptions: which messages they let through.

Of the filter language of the service this knows comparisons of a property with a literal, IN, IS NULL,
and AND; everything else is refused, and nothing is passed over."""
import re
import time

from messages import CONTENT_TYPE, CORRELATION, ID, REPLY_TO, REPLY_TO_SESSION, SESSION, SUBJECT, TO, Refused

SYSTEM = {"correlationid": CORRELATION, "messageid": ID, "to": TO, "replyto": REPLY_TO, "label": SUBJECT, "subject": SUBJECT,
          "sessionid": SESSION, "replytosessionid": REPLY_TO_SESSION, "contenttype": CONTENT_TYPE}
CORRELATION_FIELDS = ["CorrelationId", "MessageId", "To", "ReplyTo", "Label", "SessionId", "ReplyToSessionId", "ContentType"]
NAME = r"(?:sys\.|user\.)?(?:\[[^\]]+\]|\w[\w-]*)"
LITERAL = r"'(?:[^']|'')*'|-?\d+(?:\.\d+)?|true|false"
COMPARISON = re.compile(rf"\s*({NAME})\s*(=|<>|!=|<=|>=|<|>)\s*({LITERAL})\s*", re.I)
AMONG = re.compile(rf"\s*({NAME})\s+IN\s*\(\s*((?:{LITERAL})(?:\s*,\s*(?:{LITERAL}))*)\s*\)\s*", re.I)
ABSENT = re.compile(rf"\s*({NAME})\s+IS\s+(NOT\s+)?NULL\s*", re.I)
HOLDS = {"=": lambda a, b: a == b, "<>": lambda a, b: a != b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b,
         ">": lambda a, b: a > b, "<=": lambda a, b: a <= b, ">=": lambda a, b: a >= b}


def literal(text):
    if text[0] == "'":
        return text[1:-1].replace("''", "'")
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    return float(text) if "." in text else int(text)


def look_up(message, name):
    scope, _, rest = name.lower().partition(".")
    if scope == "sys":
        return message.properties[SYSTEM[rest]]
    name = name[5:] if scope == "user" else name
    return message.application.get(name.strip("[]"))


def condition(text):
    """One condition, as a function of a message."""
    if found := COMPARISON.fullmatch(text):
        name, sign, value = found[1], HOLDS[found[2]], literal(found[3])

        def holds(message):
            have = look_up(message, name)
            comparable = isinstance(have, str) == isinstance(value, str) and isinstance(have, bool) == isinstance(value, bool)
            return have is not None and comparable and sign(have, value)
        return holds
    if found := AMONG.fullmatch(text):
        name, values = found[1], [literal(one) for one in re.findall(LITERAL, found[2], re.I)]
        return lambda message: look_up(message, name) in values
    if found := ABSENT.fullmatch(text):
        name, wanted = found[1], not found[2]
        return lambda message: (look_up(message, name) is None) == wanted
    if re.fullmatch(r"\s*1\s*=\s*([01])\s*", text):
        return lambda message: text.strip().endswith("1")
    raise Refused("com.microsoft:argument-error", f"The filter '{text.strip()}' cannot be used here.")


class Rule:
    """A filter with its name. Kind is TrueFilter, FalseFilter, SqlFilter or CorrelationFilter."""

    def __init__(self, name="$Default", kind="TrueFilter", sql=None, fields=None, properties=None):
        self.name, self.kind, self.sql, self.fields, self.properties = name, kind, sql, fields or {}, properties or {}
        self.created = int(time.time() * 1000)
        self.conditions = [condition(part) for part in re.split(r"\sAND\s", sql, flags=re.I)] if kind == "SqlFilter" else []

    def lets_through(self, message):
        if self.kind == "CorrelationFilter":
            return (all(message.properties[SYSTEM[name.lower()]] == value for name, value in self.fields.items())
                    and all(message.application.get(name) == value for name, value in self.properties.items()))
        return self.kind != "FalseFilter" and all(holds(message) for holds in self.conditions)
