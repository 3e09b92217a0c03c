"""What a namespace keeps and decides: queues, topics, subscriptions, locks, sessions, rights.

Nothing here knows links or HTTP. All of it runs in one thread."""
import base64
import bisect
import hashlib
import hmac
import heapq
import itertools
import json
import re
import time
import urllib.parse
import uuid

from messages import ACTIVE, DEFERRED, SCHEDULED, ID, Refused
from rules import Rule

DEAD, TRANSFER = "$DeadLetterQueue", "$Transfer/$DeadLetterQueue"
KEYS = [  # of tests alone
    {"name": "RootManageSharedAccessKey", "key": "root-secret", "rights": ["Manage", "Send", "Listen"]},
    {"name": "sender", "key": "sender-secret", "rights": ["Send"]},
    {"name": "listener", "key": "listener-secret", "rights": ["Listen"]},
]
FOREVER = "P10675199DT2H48M5.4775807S"
SHARED = {"DefaultMessageTimeToLive": FOREVER, "EnableBatchedOperations": "true", "Status": "Active", "AutoDeleteOnIdle": FOREVER,
          "UserMetadata": None}
TAKEN_FROM = {"LockDuration": "PT1M", "RequiresSession": "false", "DeadLetteringOnMessageExpiration": "false", "MaxDeliveryCount": "10",
              "ForwardTo": None, "ForwardDeadLetteredMessagesTo": None}
SENT_TO = {"MaxSizeInMegabytes": "1024", "RequiresDuplicateDetection": "false", "DuplicateDetectionHistoryTimeWindow": "PT10M",
           "SupportOrdering": "true", "EnablePartitioning": "false", "MaxMessageSizeInKilobytes": "256"}
KINDS = {"queue": {**SHARED, **TAKEN_FROM, **SENT_TO}, "topic": {**SHARED, **SENT_TO},
         "subscription": {**SHARED, **TAKEN_FROM, "DeadLetteringOnFilterEvaluationExceptions": "true"}}


def milliseconds(duration):
    """An ISO 8601 duration; None means for ever."""
    found = re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?", duration or "")
    if not found:
        raise Refused("amqp:invalid-field", f"'{duration}' is no duration")
    days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return None if days > 1e6 else int((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000)


def path_of(address):
    """The entity in an address, audience or URL: without scheme, host and query, in lower case."""
    address = re.sub(r"^[a-z]+://[^/?]*|\?.*$", "", urllib.parse.unquote(address or ""), flags=re.I)
    return address.strip("/").lower()


def covers(scope, path):
    return not scope or path == scope or path.startswith(scope + "/")


class Entity:
    """A queue, a topic or a subscription. What is scheduled for a topic lies in the topic."""

    def __init__(self, namespace, name, kind, settings, topic=None, rules=()):
        self.namespace, self.name, self.kind, self.topic = namespace, name, kind, topic
        self.path = f"{topic.name}/Subscriptions/{name}" if topic else name
        self.settings = {key: settings.get(key, usual) for key, usual in KINDS[kind].items()}
        for key in ("DefaultMessageTimeToLive", "LockDuration", "AutoDeleteOnIdle"):
            milliseconds(self.settings.get(key, "PT1M"))
        self.created = self.used = namespace.now()
        self.last, self.seen = 0, {}
        self.stores = {part: Store(self, part) for part in ("", DEAD, TRANSFER)}
        self.subscriptions, self.rules = {}, {rule.name.lower(): rule for rule in rules}
        self.watch()

    def on(self, key):
        return self.settings.get(key, "").lower() == "true"

    def time(self, key):
        return milliseconds(self.settings.get(key) or FOREVER)

    @property
    def most(self):
        """The size of a message, in bytes."""
        return int((self.topic or self).settings["MaxMessageSizeInKilobytes"]) * 1024

    def size(self):
        return sum(store.size for one in [self, *self.subscriptions.values()] for store in one.stores.values())

    def number(self):
        self.last += 1
        return self.last

    def check(self, direction):
        for one in filter(None, (self, self.topic)):
            if one.settings["Status"] in ("Disabled", direction + "Disabled"):
                raise Refused("com.microsoft:entity-disabled", f"Messaging entity '{one.path}' is currently disabled.")

    def watch(self):
        """Deletes it when nobody has used it for AutoDeleteOnIdle."""
        idle, now = self.time("AutoDeleteOnIdle"), self.namespace.now()
        if idle is None or self.namespace.find(self.path, quiet=True) not in (None, self):
            return
        if any(store.links for store in self.stores.values()):
            self.used = now
        if self.used + idle <= now:
            self.namespace.delete(self)
        else:
            self.namespace.at(min(self.used + idle, now + 60_000), self.watch)

    def accept(self, messages):
        """Takes what was sent, or refuses it."""
        self.check("Send")
        self.namespace.fail(self.path)
        for message in messages:
            if message.size > self.most:
                raise Refused("amqp:link:message-size-exceeded", f"The message of {message.size} bytes exceeds the limit of {self.most} bytes.")
            if self.on("RequiresSession") and message.session is None:
                raise Refused("amqp:not-allowed", "The SessionId was not set on a message, and it cannot be sent to the entity.")
        if self.size() > int(self.settings["MaxSizeInMegabytes"]) << 20:
            raise Refused("amqp:resource-limit-exceeded", f"The maximum entity size has been reached for '{self.path}'.")
        self.used = self.namespace.now()
        for message in messages:
            if not self.repeated(message):
                self.take(message)

    def repeated(self, message):
        """Whether duplicate detection drops it."""
        if not self.on("RequiresDuplicateDetection"):
            return False
        now, window, known = self.namespace.now(), self.time("DuplicateDetectionHistoryTimeWindow"), message.properties[ID]
        self.seen = {key: at for key, at in self.seen.items() if at + window > now}
        if known in self.seen:
            return True
        self.seen[known] = now
        return False

    def take(self, message):
        now = self.namespace.now()
        if message.due is None or message.due <= now:
            return self.route(message)
        message.state, message.number, message.enqueued = SCHEDULED, self.number(), now
        self.stores[""].put(message)
        self.namespace.at(message.due, self.fall_due, message)

    def fall_due(self, message):
        """A scheduled message becomes active, under a number of its own."""
        if self.stores[""].messages.get(message.number) is message:
            self.stores[""].remove(message)
            message.state, message.due = ACTIVE, None
            self.route(message)

    def route(self, message):
        if self.kind != "topic":
            return self.arrive(message)
        number = self.number()
        for subscription in list(self.subscriptions.values()):
            if any(rule.lets_through(message) for rule in subscription.rules.values()):
                copy = message.copy()
                copy.first_number, copy.ttl = number, self.lifetime(copy)
                subscription.arrive(copy)

    def lifetime(self, message):
        usual = self.time("DefaultMessageTimeToLive")
        return message.ttl if usual is None else min(usual, message.ttl or usual)

    def arrive(self, message):
        """A message comes to a queue or subscription: it stays, dies or is forwarded."""
        message.number, message.enqueued, message.ttl = self.number(), self.namespace.now(), self.lifetime(message)
        message.expires = message.enqueued + message.ttl if message.ttl else None
        if self.settings["ForwardTo"]:
            self.forward(message, self.settings["ForwardTo"])
        elif self.on("RequiresSession") and message.session is None:
            self.bury(message, "Session ID is null.", "Session enabled entity doesn't allow a message whose session identifier is null.")
        else:
            self.stores[""].put(message)

    def forward(self, message, target, source=None):
        other = self.namespace.find(target, quiet=True)
        if other is None or other.settings["Status"] != "Active":
            message.add({"DeadLetterReason": "MessagingEntityNotFound", "DeadLetterErrorDescription": f"'{target}' takes nothing."})
            message.expires = None
            self.stores[TRANSFER].put(message)
            return
        message.first_number, message.source = message.first_number or message.number, source or message.source
        if not other.repeated(message):
            other.route(message)

    def bury(self, message, reason, description, properties=None):
        """Dead-letters a message, which keeps its number."""
        message.add({**(properties or {}), "DeadLetterReason": reason, "DeadLetterErrorDescription": description})
        message.expires, message.state, message.lock = None, ACTIVE, None
        if self.settings["ForwardDeadLetteredMessagesTo"]:
            self.forward(message, self.settings["ForwardDeadLetteredMessagesTo"], source=self.path)
        else:
            self.stores[DEAD].put(message)


class Lock:
    def __init__(self, message, until, session):
        self.token, self.message, self.until, self.session = uuid.uuid4(), message, until, session


class Store:
    """The messages of an entity, or of one of its sub-queues, and who receives them."""

    def __init__(self, entity, part):
        self.entity, self.part, self.namespace = entity, part, entity.namespace
        self.path = f"{entity.path}/{part}" if part else entity.path
        self.messages, self.numbers, self.size = {}, [], 0
        self.ready, self.locks, self.links, self.sessions = {}, {}, [], {}

    @property
    def by_session(self):
        return not self.part and self.entity.on("RequiresSession")

    def put(self, message):
        self.messages[message.number] = message
        bisect.insort(self.numbers, message.number)
        self.size += message.size
        if message.expires is not None:
            self.namespace.at(message.expires, self.expire, message)
        if message.state == ACTIVE:
            self.free(message)

    def remove(self, message):
        if self.messages.pop(message.number, None):
            del self.numbers[bisect.bisect_left(self.numbers, message.number)]
            self.size -= message.size
        if message.lock:
            self.locks.pop(message.lock.token, None)
            message.lock = None

    def expire(self, message):
        if self.messages.get(message.number) is not message or message.lock or message.state == DEFERRED or message.expires is None:
            return
        self.remove(message)
        if self.entity.on("DeadLetteringOnMessageExpiration"):
            self.entity.bury(message, "TTLExpiredException", "The message expired and was dead lettered.")

    def from_number(self, number):
        """Messages from a number on, in order."""
        for known in self.numbers[bisect.bisect_left(self.numbers, number):]:
            yield self.messages[known]

    # -- receiving

    def free(self, message):
        """Lets a message be received, in the order of the numbers."""
        if message.expires is not None and message.expires <= self.namespace.now():
            return self.expire(message)
        heapq.heappush(self.ready.setdefault(message.session if self.by_session else None, []), message.number)
        self.namespace.pump(self)

    def first(self, session=None):
        heap = self.ready.get(session, [])
        while heap:
            message = self.messages.get(heap[0])
            if message and not message.lock and message.state == ACTIVE:
                return message
            heapq.heappop(heap)
        return None

    def lock(self, message, session=None):
        until = session.until if session else self.namespace.now() + self.entity.time("LockDuration")
        message.lock = lock = Lock(message, until, session)
        self.locks[lock.token] = lock
        self.namespace.at(until, self.run_out, lock)
        return lock

    def run_out(self, lock):
        if self.locks.get(lock.token) is not lock:
            return
        if lock.until > self.namespace.now():  # it was renewed
            self.namespace.at(lock.until, self.run_out, lock)
        else:
            self.unlock(lock, counted=True)

    def held(self, token):
        lock = self.locks.get(token)
        if lock is None or lock.until <= self.namespace.now():
            raise Refused("com.microsoft:message-lock-lost", "The lock supplied is invalid. Either the lock expired, or the message "
                          "has already been removed from the queue.")
        return lock

    def unlock(self, lock, counted):
        message = lock.message
        del self.locks[lock.token]
        message.lock = None
        if not (counted and self.counted_out(message)):
            self.free(message)

    def counted_out(self, message):
        """Counts a delivery. What lies in a dead-letter queue stays there, whatever its count."""
        message.deliveries += 1
        most = int(self.entity.settings["MaxDeliveryCount"])
        if self.part or message.deliveries < most:
            return False
        self.remove(message)
        self.entity.bury(message, "MaxDeliveryCountExceeded", f"Message could not be consumed after {most} delivery attempts.")
        return True

    def settle(self, token, outcome, reason=None, description=None, properties=None):
        lock = self.held(token)
        message = lock.message
        self.entity.used = self.namespace.now()
        if outcome == "completed":
            self.remove(message)
        elif outcome in ("abandoned", "released"):
            self.unlock(lock, counted=outcome == "abandoned")
        elif outcome == "deferred":
            del self.locks[token]
            message.lock, message.state = None, DEFERRED
        elif self.part:
            raise Refused("amqp:not-allowed", "A message of a dead-letter queue cannot be dead-lettered.")
        else:
            self.remove(message)
            self.entity.bury(message, reason, description, properties)

    # -- sessions

    def hold(self, name, link):
        """Gives a session to a link."""
        if name in self.sessions:
            raise Refused("com.microsoft:session-cannot-be-locked", f"The requested session '{name}' cannot be accepted.")
        self.sessions[name] = session = Session(name, link, self.namespace.now() + self.entity.time("LockDuration"))
        return session

    def free_session(self):
        """The session whose first message is the oldest, of those that nobody has."""
        heads = [(self.first(name).number, name) for name in list(self.ready) if name not in self.sessions and self.first(name)]
        return min(heads)[1] if heads else None

    def leave(self, session):
        self.sessions.pop(session.name, None)
        for lock in [lock for lock in self.locks.values() if lock.session is session]:
            self.unlock(lock, counted=False)


class Session:
    def __init__(self, name, link, until):
        self.name, self.link, self.until = name, link, until


class Namespace:
    """All entities, the clock, and who may do what. pump and detach_all are the server's."""

    def __init__(self, config):
        self.entities, self.timers, self.counter, self.ahead, self.failures = {}, [], itertools.count(), 0, {}
        self.keys = {key["name"]: key for key in config.get("keys", KEYS)}
        self.jwt = set(config.get("jwt", []))
        for kind in ("queue", "topic"):
            for one in config.get(kind + "s", []):
                made = self.create(one["name"], kind, one)
                for sub in one.get("subscriptions", []):
                    self.create(sub["name"], "subscription", sub, made, [Rule(r["name"], "SqlFilter", r["sql"]) for r in sub.get("rules", [])] or [Rule()])

    def now(self):
        return int(time.time() * 1000) + self.ahead

    def at(self, due, call, *arguments):
        heapq.heappush(self.timers, (due, next(self.counter), call, arguments))

    def tick(self):
        while self.timers and self.timers[0][0] <= self.now():
            _, _, call, arguments = heapq.heappop(self.timers)
            call(*arguments)

    def find(self, path, quiet=False):
        topic, cut, name = path_of(path).partition("/subscriptions/")
        entity = self.entities.get(topic)
        if cut and entity:
            entity = entity.subscriptions.get(name)
        if entity is None and not quiet:
            raise Refused("amqp:not-found", f"The messaging entity 'sb://double/{path}' could not be found.")
        return entity

    def store(self, path):
        path = path_of(path)
        for part in (TRANSFER, DEAD):
            if path.endswith("/" + part.lower()):
                return self.find(path[:-len(part) - 1]).stores[part]
        return self.find(path).stores[""]

    def create(self, name, kind, settings, topic=None, rules=()):
        if not re.fullmatch(r"\w[\w./-]{0,259}", name):
            raise Refused("com.microsoft:argument-error", f"'{name}' holds a character that no name may have.")
        held = topic.subscriptions if topic else self.entities
        if name.lower() in held:
            raise Refused("com.microsoft:entity-already-exists", f"SubCode=40900. Conflict. '{name}' already exists.")
        settings = {key: value if value is None or isinstance(value, str) else json.dumps(value) for key, value in settings.items()}
        held[name.lower()] = Entity(self, name, kind, settings, topic, rules)
        return held[name.lower()]

    def delete(self, entity):
        for one in [entity, *entity.subscriptions.values()]:
            self.detach_all(one, Refused("amqp:not-found", f"The messaging entity 'sb://double/{one.path}' could not be found."))
        (entity.topic.subscriptions if entity.topic else self.entities).pop(entity.name.lower(), None)

    def fail(self, path):
        """Fails as a test has asked for."""
        if fault := self.failures.get(path.lower()):
            fault[0] -= 1
            if fault[0] <= 0:
                del self.failures[path.lower()]
            raise Refused(fault[1], "A failure that a test has asked for.")

    def rights(self, token, audience):
        """What a token allows to do with an audience."""
        def no(text):
            return Refused("amqp:unauthorized-access", text)
        if not token.startswith("SharedAccessSignature "):
            if self.jwt and token.removeprefix("Bearer ").count(".") == 2:
                return self.jwt
            raise no("InvalidToken: The token is no shared access signature.")
        try:
            part = dict(field.split("=", 1) for field in token.split(" ", 1)[1].split("&"))
            signed, expiry = f"{part['sr']}\n{part['se']}".encode(), float(part["se"])
            key, given = self.keys.get(part["skn"]), urllib.parse.unquote(part["sig"])
        except (KeyError, ValueError) as error:
            raise no("MalformedToken: The token is malformed.") from error
        if not key or not hmac.compare_digest(given, base64.b64encode(hmac.new(key["key"].encode(), signed, hashlib.sha256).digest()).decode()):
            raise no("InvalidSignature: The token has an invalid signature.")
        if expiry < time.time():
            raise no("ExpiredToken: The token is expired.")
        if not covers(path_of(urllib.parse.unquote(part["sr"])).removesuffix("/$management"), audience) or not covers(key.get("entity", "").lower(), audience):
            raise no("InvalidAudience: The token is for another entity.")
        return set(key["rights"]) | ({"Send", "Listen"} if "Manage" in key["rights"] else set())
