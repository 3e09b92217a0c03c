package config

import (
	"errors"
	"strconv"
	"strings"
)

var errMemory = errors.New("an amount of memory is a number from 8MiB to 1TiB with a unit, such as 512MiB, 2GiB or 800MB")

// memoryUnits, longest names first, so that MiB is not read as a B.
var memoryUnits = []struct {
	name  string
	bytes float64
}{{"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30}, {"tib", 1 << 40}, {"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9}, {"k", 1 << 10}, {"m", 1 << 20}, {"g", 1 << 30}}

// FormatMemory is an amount as ParseMemory reads it, in the largest unit that leaves no
// fraction.
func FormatMemory(amount int64) string {
	for _, unit := range []struct {
		name  string
		bytes int64
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"GB", 1e9}, {"MB", 1e6}, {"KiB", 1 << 10}} {
		if amount%unit.bytes == 0 {
			return strconv.FormatInt(amount/unit.bytes, 10) + unit.name
		}
	}
	return strconv.FormatFloat(float64(amount)/(1<<10), 'f', -1, 64) + "KiB"
}

// ParseMemory reads an amount of memory in bytes.
func ParseMemory(text string) (int64, error) {
	lower := strings.ToLower(strings.TrimSpace(text))
	for _, unit := range memoryUnits {
		number, found := strings.CutSuffix(lower, unit.name)
		if !found {
			continue
		}
		amount, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if bytes := amount * unit.bytes; err == nil && bytes >= 8<<20 && bytes <= 1<<40 {
			return int64(bytes), nil
		}
		break
	}
	return 0, errMemory
}
