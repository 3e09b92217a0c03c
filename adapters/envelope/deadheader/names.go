package deadheader

import "regexp"

// Names of dead-letter destinations. The first group is the origin.
var deadNames = []*regexp.Regexp{
	regexp.MustCompile(`(?i)^error\.(.+)\.[^.]+$`),
	regexp.MustCompile(`(?i)^dead-letter-topic-(.+)$`),
	regexp.MustCompile(`(?i)^dlq[._-](.+)$`),
	regexp.MustCompile(`(?i)^(.+?)[._-](?:dlq|dlt|dead|deadletter|dead[-_]letters?|errors?|failed|poison|parking[-_]?lot)(?:[._-]\d+)?$`),
	regexp.MustCompile(`(?i)^(.+)_(?:error|skipped)$`),
	regexp.MustCompile(`(?i)^()(?:error|wolverine-dead-letter-queue)$`),
}

// OriginByName says whether a destination is named like one for dead letters, and guesses the
// origin from the name, which is empty where it tells none. A name proves nothing.
func OriginByName(name string) (origin string, ok bool) {
	for _, pattern := range deadNames {
		if found := pattern.FindStringSubmatch(name); found != nil {
			return found[1], true
		}
	}
	return "", false
}

var retryStage = regexp.MustCompile(`(?i)[._-]retry([._-]\d+)?$`)

// IsRetryStage reports whether a destination is named like a stage of retrying, whose
// messages carry the headers of dead letters and are still alive.
func IsRetryStage(name string) bool { return retryStage.MatchString(name) }
