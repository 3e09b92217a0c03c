"""The AMQP 1.0 side: links, transfers, tokens by $cbs, and requests by $management."""
import concurrent.futures
import re
import time
import traceback
import uuid

from proton import SSL, UNDESCRIBED, Array, Condition, Data, Delivery, Described, Handler, Message, SSLDomain, Terminus, int32, symbol, timestamp
from proton.reactor import ApplicationEvent, Container, EventInjector

from entities import Namespace, covers, path_of
from messages import Refused, owned, received

SESSION_FILTER = "com.microsoft:session-filter"
EPOCH_TICKS = 621355968000000000
STATUS = {"amqp:unauthorized-access": 401, "amqp:not-found": 404, "com.microsoft:message-lock-lost": 410, "com.microsoft:entity-disabled": 403,
          "com.microsoft:server-busy": 503, "amqp:internal-error": 500, "amqp:not-implemented": 501, "com.microsoft:entity-already-exists": 409}
PEEKED_AT_ONCE, PEEKED_BYTES = 250, 256 << 10
TICK = 0.02  # seconds


def condition_of(refusal):
    return Condition(refusal.condition, f"{refusal.text} TrackingId:{uuid.uuid4()}_G0", {symbol("tracking"): "double"})


class Server(Handler, Namespace):
    """One thread does everything that touches a namespace: proton's event loop. Others hand it work (call)."""

    def __init__(self, port, config, certificate=None, verbose=False):
        Handler.__init__(self)
        Namespace.__init__(self, config)
        self.port, self.verbose, self.links, self.injector, self.tls = port, verbose, set(), EventInjector(), None
        if certificate and SSL.present():
            self.tls = SSLDomain(SSLDomain.MODE_SERVER)
            self.tls.set_credentials(certificate[0], certificate[1], None)
            self.tls.allow_unsecured_client()
        self.container = Container(self)

    def run(self):
        self.container.selectable(self.injector)
        acceptor = self.container.acceptor("127.0.0.1", self.port)
        if self.tls:
            acceptor.set_ssl_domain(self.tls)
        self.container.schedule(TICK, self)
        print(f"listening on 127.0.0.1:{self.port} and {self.port + 1}", flush=True)
        self.container.run()

    def call(self, work):
        future = concurrent.futures.Future()
        self.injector.trigger(ApplicationEvent("call", subject=(future, work)))
        return future.result(30)

    def log(self, *words):
        if self.verbose:
            print(f"{time.time():.3f}", *words, flush=True)

    def on_unhandled(self, name, event):
        """All events come here, so that a mistake in one does not end the server."""
        if work := getattr(self, "do" + name[2:], None):
            try:
                work(event)
            except Exception:
                traceback.print_exc()

    def do_call(self, event):
        future, work = event.subject
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    def do_timer_task(self, event):
        self.container.schedule(TICK, self)
        self.tick()

    # -- connections and links

    def do_connection_remote_open(self, event):
        event.connection.claims, event.connection.ours = {}, []
        event.connection.container = "servicebus-double"
        event.connection.open()

    def do_connection_remote_close(self, event):
        event.connection.close()
        self.forget(event.connection)

    def do_transport_closed(self, event):
        if event.connection:
            self.forget(event.connection)

    def forget(self, connection, session=None):
        for link in list(getattr(connection, "ours", [])):
            if session is None or link.session == session:
                self.closed(link)

    def do_session_remote_open(self, event):
        event.session.incoming_capacity = 1 << 26
        event.session.open()

    def do_session_remote_close(self, event):
        self.forget(event.connection, event.session)
        event.session.close()

    def do_link_remote_close(self, event):
        self.closed(event.link)
        event.link.close()

    def do_link_remote_detach(self, event):
        self.closed(event.link)
        event.link.detach()

    def closed(self, link):
        """A link is gone. Locks stay until they run out; a session is left at once."""
        self.links.discard(link)
        if link in link.connection.ours:
            link.connection.ours.remove(link)
        store = getattr(link, "store", None)
        if store and link.is_sender:
            store.links = [one for one in store.links if one != link]
            store.entity.used = self.now()
            if link.held and store.sessions.get(link.held.name) is link.held:
                store.leave(link.held)

    def detach(self, link, refusal):
        self.log("detach", link.name, refusal.condition, refusal.text)
        self.closed(link)
        link.condition = condition_of(refusal)
        link.close()

    def detach_all(self, entity, refusal):
        for link in [link for link in self.links if link.entity is entity]:
            self.detach(link, refusal)

    def allowed(self, connection, path, *rights):
        have = set()
        for scope, (given, until) in connection.claims.items():
            if covers(scope, path) and until > time.time():
                have |= given
        if not have & set(rights):
            raise Refused("amqp:unauthorized-access", f"Unauthorized access. '{rights[0]}' claim(s) are required. Resource: 'sb://double/{path}'.")

    def do_link_remote_open(self, event):
        link = event.link
        link.source.address, link.target.address = link.remote_source.address, link.remote_target.address
        link.snd_settle_mode, link.rcv_settle_mode = link.remote_snd_settle_mode, link.remote_rcv_settle_mode
        link.node = path_of((link.remote_source if link.is_sender else link.remote_target).address)
        link.store = link.entity = link.held = None
        link.max_message_size = 1 << 20
        self.log("attach", "to" if link.is_sender else "from", "client", link.node)
        try:
            self.attach(link)
        except Refused as refusal:
            (link.source if link.is_sender else link.target).type = Terminus.UNSPECIFIED
            link.open()
            link.connection.ours.append(link)
            self.detach(link, refusal)
            return
        link.open()
        self.links.add(link)
        link.connection.ours.append(link)
        if link.is_receiver:
            link.flow(1000)
        elif link.store:
            link.store.links.append(link)
            self.pump(link.store)

    def attach(self, link):
        """Finds what a link is about, or refuses it."""
        if link.remote_target.type == Terminus.COORDINATOR:
            raise Refused("amqp:not-implemented", "There are no transactions here.")
        if link.node == "$cbs":
            return
        if link.node.endswith("/$management"):
            link.entity = self.store(link.node.removesuffix("/$management")).entity
            self.allowed(link.connection, link.node.removesuffix("/$management"), "Listen", "Send")
            link.max_message_size = max(link.max_message_size, 2 * link.entity.most)
            return
        link.store = self.store(link.node)
        link.entity = link.store.entity
        if link.is_receiver:
            self.allowed(link.connection, link.node, "Send")
            if link.store.part or link.entity.kind == "subscription":
                raise Refused("amqp:not-allowed", f"Messages cannot be sent to '{link.store.path}'.")
            link.entity.check("Send")
            link.max_message_size = link.entity.most
            return
        self.allowed(link.connection, link.node, "Listen")
        if link.entity.kind == "topic":
            raise Refused("amqp:not-allowed", f"A receiver cannot be created on the topic '{link.entity.path}'.")
        link.entity.check("Receive")
        forwards = {"": "ForwardTo", "$DeadLetterQueue": "ForwardDeadLetteredMessagesTo"}.get(link.store.part, "")
        if link.entity.settings.get(forwards):
            raise Refused("amqp:not-allowed", "Cannot create a message receiver on an entity with auto-forwarding enabled.")
        self.take_session(link)

    def take_session(self, link):
        """A receiver of an entity with sessions names one, or takes the next."""
        filters = link.remote_source.filter
        filters.rewind()
        asked = filters.get_object() if filters.next() else None
        wanted = isinstance(asked, dict) and SESSION_FILTER in asked
        if wanted != link.store.by_session:
            raise Refused("amqp:not-allowed", "It is not possible for an entity that requires sessions to create a non-sessionful message "
                          "receiver." if link.store.by_session else "The entity does not require sessions.")
        if not wanted:
            return
        name = owned(asked[SESSION_FILTER])
        name = name.value if isinstance(name, Described) else name
        name = link.store.free_session() if name is None else name
        if name is None:
            raise Refused("com.microsoft:timeout", "No session with messages was available.")
        link.held = link.store.hold(name, link)
        link.source.filter.put_dict({symbol(SESSION_FILTER): name})
        link.properties = {symbol("com.microsoft:locked-until-utc"): link.held.until * 10_000 + EPOCH_TICKS}

    # -- transfers

    def do_link_flow(self, event):
        link = event.link
        if link.is_sender and getattr(link, "store", None):
            self.pump(link.store)
        if link.is_sender and link.drain_mode and link.credit > 0:
            link.drained()

    def pump(self, store):
        """Hands out what is free, one to each receiver in turn."""
        handed = True
        while handed:
            handed = False
            for link in list(store.links):
                message = store.first(link.held.name if link.held else None) if link.credit > 0 else None
                if message:
                    self.hand_out(link, store, message)
                    handed = True

    @staticmethod
    def hand_out(link, store, message):
        settled = link.snd_settle_mode == link.SND_SETTLED  # receive and delete
        lock = None if settled else store.lock(message, link.held)
        delivery = link.delivery(uuid.uuid4().bytes if settled else lock.token.bytes_le)
        delivery.lock = lock
        link.stream(message.wire(None if settled else lock.until))
        link.advance()
        if settled:
            store.remove(message)
            delivery.settle()

    def do_delivery(self, event):
        delivery, link = event.delivery, event.link
        if link.is_sender:
            if delivery.updated and getattr(delivery, "lock", None) and (delivery.remote_state or delivery.settled):
                lock, delivery.lock = delivery.lock, None
                self.settled(delivery, link.store, lock)
        elif delivery.aborted:
            delivery.settle()
            link.flow(1)
        elif delivery.readable and not delivery.partial:
            raw = link.recv(delivery.pending)
            link.advance()
            outcome = Delivery.ACCEPTED
            try:
                self.came(link, raw)
            except Refused as refusal:
                self.log("refused", link.node, refusal.condition, refusal.text)
                delivery.local.condition, outcome = condition_of(refusal), Delivery.REJECTED
            delivery.update(outcome)
            delivery.settle()
            link.flow(1)

    def settled(self, delivery, store, lock):
        """A receiver has said what becomes of a message."""
        state, told = delivery.remote_state, delivery.remote
        outcome, reason, description, properties = None, None, None, None
        if state == Delivery.ACCEPTED:
            outcome = "completed"
        elif state == Delivery.RELEASED:
            outcome = "released"
        elif state == Delivery.MODIFIED:
            outcome, properties = "deferred" if told.undeliverable else "abandoned", owned(told.annotations)
        elif state == Delivery.REJECTED:
            properties = {str(key): owned(value) for key, value in (told.condition.info or {}).items()} if told.condition else {}
            outcome, reason, description = "dead", properties.pop("DeadLetterReason", None), properties.pop("DeadLetterErrorDescription", None)
        if outcome is None:  # its lock runs out
            delivery.settle()
            return
        self.log("settle", store.path, lock.message.number, outcome)
        try:
            store.settle(lock.token, outcome, reason, description, properties)
        except Refused as refusal:
            delivery.local.condition, state = condition_of(refusal), Delivery.REJECTED
        delivery.update(state)
        delivery.settle()

    def came(self, link, raw):
        if link.node != "$cbs" and not link.node.endswith("/$management"):
            return link.entity.accept(received(raw))
        request, condition, body = Message(), None, None
        request.decode(raw)
        try:
            status, text, body = self.put_token(link, request) if link.node == "$cbs" else self.manage(link, request)
        except Refused as refusal:
            status, text, condition = STATUS.get(refusal.condition, 400), refusal.text, refusal.condition
        except (KeyError, TypeError, ValueError) as error:
            status, text, condition = 400, f"The request cannot be read: {error!r}.", "com.microsoft:argument-error"
        self.log(link.node, (request.properties or {}).get("operation"), status)
        self.answer(link, request, status, text, body, condition)

    @staticmethod
    def answer(link, request, status, text, body, condition):
        names = ("status-code", "status-description", "error-condition") if link.node == "$cbs" else ("statusCode", "statusDescription", "errorCondition")
        properties = {names[0]: int32(status), names[1]: text}
        if condition:
            properties[names[2]] = symbol(condition)
        back = [one for one in link.connection.ours if one.is_sender and one.node == link.node]
        named = [one for one in back if one.remote_target.address == request.reply_to]
        beside = [one for one in back if one.session == link.session]
        for one in (named or beside or back)[-1:]:
            one.send(Message(body=body, correlation_id=request.id, properties=properties)).settle()

    def put_token(self, link, request):
        scope = path_of((request.properties or {}).get("name", ""))
        scope = scope.removesuffix("/$management").removesuffix("$management")
        token = request.body if isinstance(request.body, str) else bytes(request.body).decode()
        until = re.search(r"[&? ]se=(\d+)", token)
        link.connection.claims[scope] = self.rights(token, scope), int(until[1]) if until else float("inf")
        return 202, "Accepted", None

    # -- $management

    def manage(self, link, request):
        operation = str((request.properties or {}).get("operation", ""))
        path = link.node.removesuffix("/$management")
        work = getattr(self, "op_" + operation.removeprefix("com.microsoft:").replace("-", "_"), None)
        if not work:
            raise Refused("amqp:not-implemented", f"The operation '{operation}' is not supported.")
        self.allowed(link.connection, path, "Listen")
        store = self.store(path)
        self.fail(path)
        store.entity.used = self.now()
        body = work(store, owned(request.body or {}))
        return (204, "No Content", None) if body is None else (200, "OK", body)

    def op_peek_message(self, store, body):
        """At most so many, and as much as fits; nothing of it is locked or counted."""
        found, size, session = [], 0, body.get("session-id")
        most = min(body["message-count"], PEEKED_AT_ONCE)
        for message in store.from_number(body["from-sequence-number"]):
            if session is not None and message.session != session:
                continue
            size += message.size
            if len(found) >= most or found and size > PEEKED_BYTES:
                break
            found.append({"message": message.wire()})
        return {"messages": found} if found else None

    def op_renew_lock(self, store, body):
        locks = [store.held(token) for token in list(body["lock-tokens"])]
        for lock in locks:
            lock.until = self.now() + store.entity.time("LockDuration")
        return {"expirations": Array(UNDESCRIBED, Data.TIMESTAMP, *(timestamp(lock.until) for lock in locks))}

    def op_update_disposition(self, store, body):
        for token in list(body["lock-tokens"]):
            outcome = {"defered": "deferred", "suspended": "dead"}.get(body["disposition-status"], body["disposition-status"])
            store.settle(token, outcome, body.get("deadletter-reason"), body.get("deadletter-description"), body.get("properties-to-modify"))
        return {}
