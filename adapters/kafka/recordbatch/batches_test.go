package recordbatch

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"
)

// recordBatch encodes a batch of records that nobody decodes.
func recordBatch(first int64, lastDelta int32, records []byte) []byte {
	b := kmsg.RecordBatch{FirstOffset: first, Magic: 2, LastOffsetDelta: lastDelta, Records: records}
	raw := b.AppendTo(nil)
	binary.BigEndian.PutUint32(raw[8:], uint32(len(raw)-batchPrefix))
	return raw
}

// TestSplit joins batches, with gaps between their offsets, cuts the end off anywhere,
// and splits again.
func TestSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var raw []byte
		var ends []int
		var nexts []int64
		offset := rapid.Int64Range(0, 1<<40).Draw(t, "offset")
		for range rapid.IntRange(1, 8).Draw(t, "batches") {
			delta := rapid.Int32Range(0, 1000).Draw(t, "delta")
			raw = append(raw, recordBatch(offset, delta, rapid.SliceOfN(rapid.Byte(), 0, 50).Draw(t, "records"))...)
			offset += int64(delta) + 1
			ends, nexts = append(ends, len(raw)), append(nexts, offset)
			offset += rapid.Int64Range(0, 5).Draw(t, "gap")
		}
		cut := raw[:rapid.IntRange(0, len(raw)).Draw(t, "cut")]
		whole := 0
		for whole < len(ends) && ends[whole] <= len(cut) {
			whole++
		}
		want := int64(-1)
		if whole > 0 {
			want = nexts[whole-1]
		}
		if got := NextOffset(cut, -1); got != want {
			t.Fatalf("next offset %d, want %d", got, want)
		}
		size := rapid.IntRange(1, 200).Draw(t, "size")
		var joined []byte
		for rest := cut; ; {
			group, after, next := Take(rest, size)
			if len(group) == 0 {
				break
			}
			if joined, rest = append(joined, group...), after; next != NextOffset(group, -1) {
				t.Fatalf("a group says %d follows, want %d", next, NextOffset(group, -1))
			}
		}
		if length := len(joined); !bytes.Equal(joined, cut[:length]) || whole > 0 && length != ends[whole-1] {
			t.Fatalf("%d bytes of whole batches, want %d batches", length, whole)
		}
		if whole > 0 {
			if left := Behind(cut, nexts[0]); len(left) != len(cut)-ends[0] {
				t.Fatalf("%d bytes behind the first batch, want %d", len(left), len(cut)-ends[0])
			}
		}
	})
}

// FuzzSplit feeds what no broker should send.
func FuzzSplit(f *testing.F) {
	f.Add([]byte{})
	f.Add(recordBatch(5, 2, []byte("records")))
	f.Add(append(recordBatch(5, 2, nil), recordBatch(8, 0, nil)[:20]...))
	f.Add(bytes.Repeat([]byte{0xff}, 61))
	old := binary.BigEndian.AppendUint64(nil, 41)
	old = binary.BigEndian.AppendUint32(old, 10)
	f.Add(append(old, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0)) // a message of magic 1
	f.Fuzz(func(t *testing.T, raw []byte) {
		at := NextOffset(raw, 7)
		if at < 7 {
			t.Errorf("went back to %d", at)
		}
		group, rest, _ := Take(raw, 100)
		if len(group)+len(rest) != len(raw) {
			t.Errorf("%d and %d bytes of %d", len(group), len(rest), len(raw))
		}
		Behind(raw, at)
	})
}
