package output

import (
	"time"

	"eventscope/tracing"
	"eventscope/tracing/report"
)

// Documents are the formats that a flow has beside [Kinds].
var Documents = []string{"markdown", "mermaid"}

// Document is a flow in one of these; its messages are not part of it.
func Document(kind string, f *tracing.Flow) string {
	if kind == "mermaid" {
		return report.Mermaid(f)
	}
	return report.Markdown(f, time.Local)
}
