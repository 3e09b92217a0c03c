package replay

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
	"strconv"

	"eventscope/adapters/deadletter"
)

// replayID is what a copy of a letter carries in x-replay-id, the same whoever sends it, so
// that a copy which came twice is known: the first 32 hexadecimal digits of the SHA-256 over
// these texts, each after its length as 8 bytes, the lowest first:
//
//   - the cluster, as [deadletter.Queues] Cluster tells it;
//   - the place: the queue's name, or topic and partition with the offset, as [adapters.Position]
//     prints it, and the topic's incarnation;
//   - the contents, as [adapters.Message] Fingerprint makes them, own headers of earlier replays
//     included;
//   - how often the letter was replayed before;
//   - of a letter that nothing tells from equal ones for good ([Selected.Alike]), the run, its
//     number in it, and when it is sent again after an interruption, something random: such
//     letters never share an id, and the price is that one which is sent again has another.
//
// Plans of the version before go on with its ids, run/number.
func (r *Run) replayID(part *Part, before, number int, again bool) string {
	l := &part.Letters[number]
	if l.Content.IsZero() {
		return r.ID + "/" + strconv.Itoa(before+number)
	}
	place := part.DLQ
	if part.settling() != deadletter.ByRemoval {
		place = l.Position.String()
	}
	texts := []string{part.Source, place, part.Incarnation, l.Content.String(), strconv.Itoa(l.Replays)}
	if l.Alike {
		texts = append(texts, r.ID, strconv.Itoa(before+number))
		if again { // which may be another than the one that was sent before under this number
			texts = append(texts, rand.Text())
		}
	}
	sum := sha256.New()
	for _, text := range texts {
		var size [8]byte
		binary.LittleEndian.PutUint64(size[:], uint64(len(text)))
		_, _ = sum.Write(size[:]) // a hash takes everything
		_, _ = io.WriteString(sum, text)
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}
