#!/usr/bin/env python3
"""Speaks as Azure Service Bus does, for tests: AMQP 1.0 on PORT, the management API on PORT+1.

Written from the public protocol guide and from what clients of the service send. The script beside this
folder starts it and says what it does not do. All state is in memory."""
import argparse
import json
import signal
import sys
import threading

from admin import serve
from amqp import Server
from messages import Refused


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("port", type=int)
    options.add_argument("--config", help="a JSON file with keys, queues and topics")
    options.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"), help="answer TLS too, on both ports")
    options.add_argument("--verbose", action="store_true", help="tell of every link and request")
    options.add_argument("--label", help="shown in the list of processes only")
    chosen = options.parse_args()
    try:
        config = {}
        if chosen.config:
            with open(chosen.config, encoding="utf-8") as file:
                config = json.load(file)
        server = Server(chosen.port, config, chosen.tls, chosen.verbose)
        web = serve(chosen.port + 1, server, chosen.tls)
    except (OSError, ValueError, KeyError, Refused) as error:
        sys.exit(f"servicebus: {error}")
    threading.Thread(target=web.serve_forever, daemon=True).start()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server.run()


if __name__ == "__main__":
    main()
