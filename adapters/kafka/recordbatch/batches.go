package recordbatch

import (
	"encoding/binary"
)

// The layout of a record batch on the wire (Kafka protocol, "Record Batch"): base
// offset int64, length int32 of what follows it, leader epoch int32, magic int8, crc
// int32, attributes int16, last offset delta int32, … The older message sets
// (magic 0 and 1) begin with the offset and the size as well.
const (
	batchPrefix  = 12
	magicAt      = 16
	lastDeltaAt  = 23
	leastBatch   = lastDeltaAt + 4
	leastMessage = magicAt + 1
	greatestSize = 1<<31 - 1 - batchPrefix
)

// Next splits the first whole batch off raw and says which offset follows it.
// ok is false when there is no whole batch: answers are cut off anywhere.
func Next(raw []byte) (batch, rest []byte, next int64, ok bool) {
	if len(raw) < leastMessage {
		return nil, raw, 0, false
	}
	size := int64(binary.BigEndian.Uint32(raw[8:]))
	if size > greatestSize || int64(len(raw)) < batchPrefix+size {
		return nil, raw, 0, false
	}
	end := int(batchPrefix + size)
	next = int64(binary.BigEndian.Uint64(raw)) + 1
	if end < leastMessage {
		return nil, raw, 0, false
	}
	if raw[magicAt] >= 2 {
		if end < leastBatch {
			return nil, raw, 0, false
		}
		next += int64(int32(binary.BigEndian.Uint32(raw[lastDeltaAt:])))
	}
	return raw[:end:end], raw[end:], next, true
}

// NextOffset is the offset behind the last whole batch of raw, or at if there is none
// behind at.
func NextOffset(raw []byte, at int64) int64 {
	for {
		_, rest, next, ok := Next(raw)
		if !ok {
			return at
		}
		at = max(at, next)
		raw = rest
	}
}

// Take splits whole batches of about size bytes off raw, at least one if there
// is one, and says which offset follows them.
func Take(raw []byte, size int) (batches, rest []byte, next int64) {
	rest = raw
	for len(raw)-len(rest) < size {
		_, after, n, ok := Next(rest)
		if !ok {
			break
		}
		rest, next = after, n
	}
	return raw[:len(raw)-len(rest)], rest, next
}

// Behind is raw without the batches at its front that end at or before offset.
func Behind(raw []byte, offset int64) []byte {
	for {
		_, rest, next, ok := Next(raw)
		if !ok || next > offset {
			return raw
		}
		raw = rest
	}
}
