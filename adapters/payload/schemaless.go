package payload

import "eventscope/adapters/schemas"

// Schemaless is what reads a format that needs no schema: nil where there is none of the name.
func Schemaless(format string) *schemas.Schema { return nil }
