// Package config reads the config file.
//
//	current: local
//	memory: 1GiB            # budget of index and caches
//	theme: auto             # auto, dark or light
//	mouse: on               # or off
//	notify: bell            # how a person is told of news: bell, osc9, osc777 or a program
//	keys:                   # commands of the screen by keys of one's own
//	  f5: from -1h
//	contexts:
//	  local:
//	    read_only: true     # no flag overrides it
//	    production: true    # --write asks for the name of the context
//	    color: red          # of that name on the screen
//	    sources:
//	      - name: orders
//	        url: kafka://ann@broker:9093/orders,payments
//	        password: ${env:KAFKA_PASSWORD}    # or ${file:/run/secrets/kafka}
//	mappings:               # where messages carry their identity, by destination
//	  - destination: legacy.*
//	    flow: header X-Order
//	    type: /event/name
//	schemas:                # by what messages are read that name no schema, by destination
//	  - destination: telemetry.*
//	    value: {protobuf: shop.proto, message: shop.v1.Order}    # or {avro: order.avsc}, {format: msgpack}
//	    framed: none        # confluent (default): a frame comes first; none; delimited
//	masks:                  # what must not be shown of messages, by destination
//	  - destination: payments*
//	    paths: [/payload/card, /**/email]
//	    headers: [authorization]
//	    tags: [PII]         # of schemas
//	paths:                  # usual paths of flows; others are learned
//	  - name: order
//	    types: [OrderPlaced, PaymentProcessed, ShipmentPrepared]
//
// # Owner and concurrency
//
// A [File] is read once and not changed after that.
//
// # What may be lost
//
// Nothing: an unknown field is an error with its line and column, not a warning.
//
// # Files
//
//	config.go   File and what is in it, Load, where the file is
//	strict.go   fields that the file's structure does not have, all at once
//	registry.go the schema registry of a source
//	schemas.go  files by which messages are read that name no schema
//	masks.go    what must not be shown
//	columns.go  the columns of lists
//	keys.go     keys of the user's own
//	consent.go  --write, and in which context it allows writes
//	context.go  one context: its sources with their secrets
//	secret.go   ${env:NAME} and ${file:path}
//	memory.go   amounts of memory: 512MiB
//
// # Not obvious
//
// A file that everybody on the machine can read is refused when a secret is written in
// it; with references alone it may be shared.
package config
