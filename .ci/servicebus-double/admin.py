"""The management API (ATOM over HTTP), and what tests ask of the double itself."""
import json
import socket
import ssl
import sys
import time
import traceback
import urllib.parse
import xml.etree.ElementTree as ET
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import escape, quoteattr

from amqp import STATUS
from entities import DEAD, TRANSFER, path_of
from messages import SCHEDULED, Refused
from rules import CORRELATION_FIELDS, Rule

SB = "http://schemas.microsoft.com/netservices/2010/10/servicebus/connect"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
COUNTS = "http://schemas.microsoft.com/netservices/2011/06/servicebus"
ATOM = "http://www.w3.org/2005/Atom"


def tag(name, text, attributes=""):
    return f"<{name}{attributes}>{escape(str(text))}</{name}>"


def bare(element):
    return element.tag.rpartition("}")[2]


def when(ms):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms // 1000)) + f".{int(ms % 1000):03d}0000Z"


def rule_of(element, name=None):
    child = {bare(one): one for one in element}
    name = name or (child["Name"].text if "Name" in child else "$Default")
    if "Filter" not in child:
        return Rule(name)
    kind = child["Filter"].get(f"{{{XSI}}}type", "TrueFilter").rpartition(":")[2]
    part = {bare(one): one for one in child["Filter"]}
    fields = {key: part[key].text for key in CORRELATION_FIELDS if key in part and part[key].text is not None}
    properties = {}
    for pair in part.get("Properties", ()):
        key, value = (next(one for one in pair if bare(one) == wanted) for wanted in ("Key", "Value"))
        properties[key.text] = value.text
    return Rule(name, kind, part["SqlExpression"].text if kind == "SqlFilter" else None, fields, properties)


def rule_xml(rule):
    if rule.kind == "CorrelationFilter":
        inner = "".join(tag(key, rule.fields[key]) for key in CORRELATION_FIELDS if key in rule.fields)
        pairs = "".join(f"<KeyValueOfstringanyType>{tag('Key', key)}"
                        + tag("Value", value, ' i:type="d6p1:string" xmlns:d6p1="http://www.w3.org/2001/XMLSchema"')
                        + "</KeyValueOfstringanyType>" for key, value in rule.properties.items())
        inner += f"<Properties>{pairs}</Properties>" if pairs else ""
    else:
        inner = tag("SqlExpression", rule.sql or ("1=0" if rule.kind == "FalseFilter" else "1=1")) + tag("CompatibilityLevel", 20)
    return (f'<Filter i:type="{rule.kind}">{inner}</Filter><Action i:type="EmptyRuleAction"/>'
            + tag("CreatedAt", when(rule.created)) + tag("Name", rule.name))


def entity_xml(entity):
    main, dead, transfer = (entity.stores[part] for part in ("", DEAD, TRANSFER))
    waiting = sum(message.state == SCHEDULED for message in main.messages.values())
    counts = {"ActiveMessageCount": len(main.messages) - waiting, "DeadLetterMessageCount": len(dead.messages),
              "ScheduledMessageCount": waiting, "TransferMessageCount": 0, "TransferDeadLetterMessageCount": len(transfer.messages)}
    out = "".join(tag(key, value) for key, value in entity.settings.items() if value is not None)
    out += tag("CreatedAt", when(entity.created)) + tag("UpdatedAt", when(entity.created)) + tag("AccessedAt", when(entity.used))
    out += f'<CountDetails xmlns:d2p1="{COUNTS}">' + "".join(tag(f"d2p1:{key}", value) for key, value in counts.items()) + "</CountDetails>"
    if entity.kind == "topic":
        return out + tag("SizeInBytes", entity.size()) + tag("SubscriptionCount", len(entity.subscriptions))
    return out + tag("MessageCount", len(main.messages) + len(dead.messages)) + tag("SizeInBytes", entity.size())


class Admin(BaseHTTPRequestHandler):
    """Plain or TLS, as the first byte tells."""
    protocol_version = "HTTP/1.1"
    namespace, tls = None, None

    def setup(self):
        self.request.settimeout(60)
        if self.tls and self.request.recv(1, socket.MSG_PEEK) == b"\x16":
            self.request = self.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def log_message(self, *words):
        pass

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urllib.parse.urlsplit(self.path)
        path = urllib.parse.unquote(url.path).strip("/")
        query = {key.lstrip("$").lower(): value for key, value in urllib.parse.parse_qsl(url.query)}
        kind = "application/atom+xml;type=entry;charset=utf-8"
        try:
            if path.startswith("$double/"):
                status, text = 200, json.dumps(self.namespace.call(lambda: self.double(path[8:], query)))
            else:
                status, text = self.namespace.call(lambda: self.atom(path, query, body))
        except Refused as refusal:
            status = STATUS.get(refusal.condition, 400)
            text = f"<Error><Code>{status}</Code><Detail>{escape(refusal.text)}</Detail></Error>"
        except (KeyError, ValueError, ET.ParseError) as error:
            status, text = 400, f"<Error><Code>400</Code><Detail>{escape(repr(error))}</Detail></Error>"
        except Exception:
            traceback.print_exc()
            status, text = 500, "<Error><Code>500</Code><Detail>It has failed.</Detail></Error>"
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_PUT = do_DELETE = do_POST = handle_any

    # -- both run in the thread of the event loop

    def double(self, what, query):
        space = self.namespace
        if what == "advance":
            space.ahead += int(float(query["seconds"]) * 1000)
            space.tick()
        elif what == "detach":
            space.detach_all(space.find(query["entity"]), Refused(query.get("condition", "amqp:link:detach-forced"), "A test asked for it."))
        elif what == "disconnect":
            for connection in {link.connection for link in space.links}:
                connection.close()
        elif what == "fail":
            space.failures[space.store(query["entity"]).path.lower()] = [int(query.get("times", 1)), query.get("condition", "com.microsoft:server-busy")]
        elif what != "state":
            raise Refused("amqp:not-found", "It is advance, detach, disconnect, fail or state.")
        every = [one for entity in space.entities.values() for one in [entity, *entity.subscriptions.values()]]
        return {store.path: {"messages": len(store.messages), "locked": len(store.locks), "receivers": len(store.links)}
                for entity in every for store in entity.stores.values() if store.messages or not store.part}

    def atom(self, path, query, body):
        space, reading = self.namespace, self.command == "GET"
        token = self.headers.get("Authorization", "")
        if not token:
            raise Refused("amqp:unauthorized-access", "MissingToken: The authorization header was not found.")
        rights = space.rights(token, path_of(path))
        if "Manage" not in rights and not (reading and "EntityRead" in rights):
            raise Refused("amqp:unauthorized-access", ("Manage,EntityRead claims" if reading else "Manage claim") + " required for this operation.")
        parts, lower = path.split("/"), path.lower().split("/")
        if lower == ["$namespaceinfo"]:
            told = {"CreatedTime": when(0), "MessagingSKU": "Standard", "ModifiedTime": when(0), "Name": "double", "NamespaceType": "Messaging"}
            return 200, self.entry(path, "double", "NamespaceInfo", "".join(tag(*one) for one in told.items()))
        if lower[0] == "$resources":
            found = [entity for entity in space.entities.values() if entity.kind == lower[1].removesuffix("s")]
            return self.feed(path, query, [self.described(entity) for entity in found])
        if lower[-1] == "subscriptions":
            return self.feed(path, query, [self.described(one) for one in space.find("/".join(parts[:-1])).subscriptions.values()])
        if lower[-1] == "rules":
            return self.feed(path, query, [self.entry(f"{path}/{one.name}", one.name, "RuleDescription", rule_xml(one))
                                           for one in space.find("/".join(parts[:-1])).rules.values()])
        if len(parts) > 4 and lower[-2] == "rules":
            return self.rule(path, parts, body)
        return self.entity(path, parts, lower, body)

    def rule(self, path, parts, body):
        rules, name = self.namespace.find("/".join(parts[:-2])).rules, parts[-1]
        if self.command == "PUT":
            rules[name.lower()] = rule_of(self.content(body), name)
        elif name.lower() not in rules:
            raise Refused("amqp:not-found", f"Entity '{path}' was not found.")
        elif self.command == "DELETE":
            del rules[name.lower()]
            return 200, ""
        return 200, self.entry(path, name, "RuleDescription", rule_xml(rules[name.lower()]))

    @staticmethod
    def content(body):
        return next(one for one in ET.fromstring(body).iter() if bare(one).endswith("Description"))

    def entity(self, path, parts, lower, body):
        space = self.namespace
        entity = space.find(path, quiet=True)
        if self.command == "PUT":
            told = self.content(body)
            settings = {bare(one): one.text for one in told if one.text is not None}
            if entity and self.headers.get("If-Match"):
                entity.settings.update({key: value for key, value in settings.items() if key in entity.settings})
                if entity.settings["Status"] != "Active":
                    space.detach_all(entity, Refused("com.microsoft:entity-disabled", f"Messaging entity '{entity.path}' is currently disabled."))
                return 200, self.described(entity)
            kind, topic, rules = bare(told).removesuffix("Description").lower(), None, ()
            if kind == "subscription":
                topic = space.find("/".join(parts[:lower.index("subscriptions")]))
                rules = [rule_of(one) for one in told if bare(one) == "DefaultRuleDescription"] or [Rule()]
            return 201, self.described(space.create(parts[-1] if topic else path, kind, settings, topic, rules))
        if not entity and self.command == "GET" and "subscriptions" not in lower:  # so the service says it
            return 200, f'<feed xmlns="{ATOM}"><title type="text">Publicly Listed Services</title></feed>'
        if not entity:
            raise Refused("amqp:not-found", f"SubCode=40400. Not Found. Entity '{path}' was not found.")
        if self.command == "DELETE":
            space.delete(entity)
            return 200, ""
        return 200, self.described(entity)

    def described(self, entity):
        return self.entry(entity.path, entity.name, f"{entity.kind.title()}Description", entity_xml(entity))

    @staticmethod
    def entry(path, title, kind, inner):
        return (f'<entry xmlns="{ATOM}">{tag("id", "https://double/" + path)}{tag("title", title, " type=" + quoteattr("text"))}'
                f'<content type="application/xml"><{kind} xmlns="{SB}" xmlns:i="{XSI}">{inner}</{kind}></content></entry>')

    @staticmethod
    def feed(path, query, entries):
        skip, top = int(query.get("skip", 0)), int(query.get("top", 100))
        more = f'<link rel="next" href={quoteattr(f"https://double/{path}?$skip={skip + top}&$top={top}")}/>' if len(entries) > skip + top else ""
        return 200, f'<feed xmlns="{ATOM}"><title type="text">{escape(path)}</title>{more}{"".join(entries[skip:skip + top])}</feed>'


class Web(ThreadingHTTPServer):
    request_queue_size, daemon_threads = 64, True

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):  # which is a client that has gone
            super().handle_error(request, client_address)


def serve(port, namespace, certificate):
    Admin.namespace = namespace
    if certificate:
        Admin.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        Admin.tls.load_cert_chain(*certificate)
    return Web(("127.0.0.1", port), Admin)
