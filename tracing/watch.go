package tracing

// Watch collects the events that a filter matches. It is read through the Watch fields
// of PageQuery and FlowQuery.
type Watch struct {
	filter *Filter
}

// Progress says how far a watch has looked.
type Progress struct {
	Matched  int64 // events found
	Searched int64 // events of the past looked at so far
	ToSearch int64 // events of the past there were to look at; equal when done
	Unread   int64 // of those searched, how many could not be read any more
	Errors   int64 // evaluations that failed
}

// Progress never waits.
func (w *Watch) Progress() Progress { return Progress{} }

// Filter is the filter the watch was made with.
func (w *Watch) Filter() *Filter { return w.filter }

// Close ends the collecting.
func (w *Watch) Close() {}
