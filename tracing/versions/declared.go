package versions

import (
	"regexp"
	"strconv"
	"strings"
)

// declared splits a version off the name of a type: "OrderPlaced" and "v2" of "OrderPlaced_v2".
// Where the name has none it is the one that the message states beside it.
func declared(name, stated string) (kind, version string) {
	end := len(name)
	for end > 0 && (name[end-1] >= '0' && name[end-1] <= '9') {
		end--
	}
	// What is left must end in a v that is no part of a word: "_v", ".v", "-v", "/v", or "V" behind
	// a lower-case letter.
	if end == len(name) || end < 2 || len(name)-end > 4 || name[end-1]|0x20 != 'v' {
		return name, stated
	}
	switch before := name[end-2]; {
	case strings.IndexByte("_.-/:", before) >= 0:
		if kind = name[:end-2]; kind != "" {
			return kind, "v" + name[end:]
		}
	case name[end-1] == 'V' && before >= 'a' && before <= 'z':
		return name[:end-1], "v" + name[end:]
	}
	return name, stated
}

// number is the one by which versions are ordered: the last in their text, or 0.
func number(version string) int {
	end := len(version)
	for end > 0 && (version[end-1] < '0' || version[end-1] > '9') {
		end--
	}
	start := end
	for start > 0 && version[start-1] >= '0' && version[start-1] <= '9' {
		start--
	}
	n, _ := strconv.Atoi(version[start:end])
	return n
}

var (
	// reading finds the errors of programs that could not read a value.
	reading = regexp.MustCompile(`(?i)serializ|deserialis|schema|avro|protobuf|protoc|decod|unmarshal|parse|malformed|json|unknown field|missing field|required field|magic byte`)
	// schemaNumber is the id of a schema in the words of Confluent's and Apicurio's clients.
	schemaNumber = regexp.MustCompile(`(?i)\b(?:schema|schema id|for id|with id|contentid|globalid)\b[ :=#]{0,3}(?:id)?[ :=]{0,2}(\d{1,10})\b`)
)

func tellsOfReading(text string) bool { return text != "" && reading.MatchString(text) }

// schemaNamedIn is the id of a schema that an error names.
func schemaNamedIn(text string) (uint64, bool) {
	found := schemaNumber.FindStringSubmatch(text)
	if found == nil {
		return 0, false
	}
	id, err := strconv.ParseUint(found[1], 10, 31)
	return id, err == nil && id > 0
}
