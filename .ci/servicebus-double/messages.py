"""Messages as an entity keeps them: what was sent stays the bytes that were sent."""
import uuid

from proton import Array, Data, Described, int32, symbol, timestamp, uint, ulong

# Codes of the sections of a message, in their order on the wire.
HEADER, DELIVERY, NOTES, PROPERTIES, APPLICATION, DATA, SEQUENCE, VALUE, FOOTER = range(0x70, 0x79)
# Places in the list of properties.
ID, USER, TO, SUBJECT, REPLY_TO, CORRELATION, CONTENT_TYPE = range(7)
SESSION, REPLY_TO_SESSION = 10, 12
# What x-opt-message-state says.
ACTIVE, DEFERRED, SCHEDULED = range(3)


class Refused(Exception):
    """What the service would not do, with the AMQP condition by which it says so."""

    def __init__(self, condition, text):
        super().__init__(text)
        self.condition, self.text = condition, text


def encoded(code, value):
    data = Data()
    data.put_object(Described(ulong(code), value))
    return data.encode()


def owned(value):
    """A copy of a decoded value. Proton's binaries are views of memory that goes away."""
    if isinstance(value, memoryview):
        return bytes(value)
    if isinstance(value, dict):
        return {key: owned(item) for key, item in value.items()}
    if isinstance(value, Described):
        return Described(value.descriptor, owned(value.value))
    if isinstance(value, Array):
        return Array(value.descriptor, value.type, *(owned(item) for item in value.elements))
    if type(value) is list:
        return [owned(item) for item in value]
    return value


def sections(raw):
    """The sections of an encoded message: code, value and bytes of each."""
    found, at = [], 0
    while at < len(raw):
        data = Data()
        size = data.decode(raw[at:])
        data.rewind()
        data.next()
        section = data.get_object()
        if not isinstance(section, Described) or section.descriptor not in range(HEADER, FOOTER + 1):
            raise ValueError("it is no section of a message")
        found.append((int(section.descriptor), owned(section.value), raw[at:at + size]))
        at += size
    return found


def received(raw):
    """The messages of one transfer. A batch has its own message format, which proton does not show; it
    is known by being nothing but data sections that hold whole messages."""
    try:
        parts = sections(raw)
        bodies = [value for code, value, _ in parts if code >= DATA]
        if bodies and all(code <= DATA for code, _, _ in parts) and all(bytes(one[:2]) == b"\x00\x53" for one in bodies):
            try:
                inner = [sections(one) for one in bodies]
                if all(any(code >= DATA for code, _, _ in one) for one in inner):
                    return [Message(one) for one in inner]
            except Exception:  # it is a body that begins like a message
                pass
        return [Message(parts)]
    except Exception as error:
        raise Refused("amqp:decode-error", f"The message cannot be read: {error}.") from error


class Message:
    def __init__(self, parts):
        self.durable = self.priority = self.ttl = None
        self.notes, self.properties, self.application = {}, [None] * 13, {}
        self.sent, self.body, self.size = {}, b"", 0
        for code, value, raw in parts:
            self.size += len(raw)
            if code == HEADER:
                self.durable, self.priority, self.ttl = (list(value) + [None] * 3)[:3]
            elif code == NOTES:
                self.notes = dict(value or {})
            elif code == PROPERTIES:
                self.properties, self.sent[code] = (list(value) + [None] * 13)[:13], raw
            elif code == APPLICATION:
                self.application, self.sent[code] = dict(value), raw
            elif code >= DATA:
                self.body += raw
        if self.properties[ID] is None:  # the service gives one
            self.properties[ID] = uuid.uuid4().hex
            self.sent.pop(PROPERTIES, None)
        self.due = self.notes.pop("x-opt-scheduled-enqueue-time", None)
        for name in [name for name in self.notes if name.startswith("x-opt-") and name != "x-opt-partition-key"]:
            del self.notes[name]  # which only the service writes
        self.state, self.number, self.first_number, self.enqueued, self.deliveries = ACTIVE, 0, 0, 0, 0
        self.expires = self.source = self.lock = self.shown = None

    @property
    def session(self):
        return self.properties[SESSION]

    def copy(self):
        other = object.__new__(Message)
        other.__dict__.update(self.__dict__)
        other.notes, other.application, other.sent = dict(self.notes), dict(self.application), dict(self.sent)
        return other

    def add(self, properties):
        """Sets application properties."""
        for name, value in (properties or {}).items():
            if value is not None:
                self.application[str(name)] = value
                self.sent.pop(APPLICATION, None)

    def wire(self, locked_until=None):
        """The message as it is handed out."""
        key = (self.number, self.state, self.deliveries, locked_until, len(self.application))
        if self.shown and self.shown[0] == key:
            return self.shown[1]
        notes = {
            **self.notes, symbol("x-opt-sequence-number"): self.number, symbol("x-opt-enqueued-time"): timestamp(self.enqueued),
            symbol("x-opt-enqueue-sequence-number"): self.first_number, symbol("x-opt-message-state"): int32(self.state),
        }
        if locked_until is not None:
            notes[symbol("x-opt-locked-until")] = timestamp(locked_until)
        if self.source:
            notes[symbol("x-opt-deadletter-source")] = self.source
        ttl = uint(self.ttl) if self.ttl and self.ttl < 1 << 32 else None
        out = encoded(HEADER, [self.durable, self.priority, ttl, None, uint(self.deliveries)]) + encoded(NOTES, notes)
        out += self.sent.get(PROPERTIES) or encoded(PROPERTIES, self.properties)
        if self.application:
            out += self.sent.get(APPLICATION) or encoded(APPLICATION, self.application)
        self.shown = key, out + self.body
        return self.shown[1]
