package recordbatch

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/pierrec/lz4/v4"
	"pgregory.net/rapid"
)

// TestLZ4FramesUnpackToWhatWasPacked: whatever a producer sets, and whatever room there is at
// first. A frame that is damaged is no more than not read.
func TestLZ4FramesUnpackToWhatWasPacked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.SliceOfN(rapid.Byte(), 1, 200).Draw(t, "word")
		noise := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "noise")
		text := append(bytes.Repeat(word, rapid.IntRange(0, 3000).Draw(t, "times")), noise...)
		sizes := []lz4.BlockSize{lz4.Block64Kb, lz4.Block256Kb, lz4.Block1Mb, lz4.Block4Mb}
		options := []lz4.Option{
			lz4.BlockSizeOption(rapid.SampledFrom(sizes).Draw(t, "block")),
			lz4.BlockChecksumOption(rapid.Bool().Draw(t, "block checksum")), lz4.ChecksumOption(rapid.Bool().Draw(t, "checksum")),
		}
		if rapid.Bool().Draw(t, "size") {
			options = append(options, lz4.SizeOption(uint64(len(text))))
		}
		var frame bytes.Buffer
		w := lz4.NewWriter(&frame)
		if err := w.Apply(options...); err != nil {
			t.Fatal(err)
		}
		w.Write(text)
		w.Close()
		packed, room := frame.Bytes(), make([]byte, 0, rapid.IntRange(0, 100_000).Draw(t, "room"))
		if got, ok := unpackLZ4(room, packed, len(text)); !ok || !bytes.Equal(got, text) {
			t.Fatalf("%d bytes unpack to %d, %v", len(text), len(got), ok)
		}
		if _, ok := unpackLZ4(room, packed, len(text)-1); ok {
			t.Fatal("a limit is not kept")
		}
		cut := rapid.IntRange(0, len(packed)-1).Draw(t, "cut")
		if _, ok := unpackLZ4(room, packed[:cut], len(text)); ok {
			t.Fatalf("cut to %d of %d bytes it is read", cut, len(packed))
		}
		packed[cut] ^= byte(rapid.IntRange(1, 255).Draw(t, "damage"))
		if got, ok := unpackLZ4(room, packed, len(text)); ok && len(got) > len(text) {
			t.Fatalf("damaged, %d bytes unpack to %d", len(text), len(got))
		}
	})
}

// TestLZ4BlocksMayReferToTheOneBefore, as those of librdkafka do.
func TestLZ4BlocksMayReferToTheOneBefore(t *testing.T) {
	frame := binary.LittleEndian.AppendUint32(nil, 0x184D2204)
	frame = append(frame, 0b01<<6, 4<<4, 0) // linked blocks of 64 KiB; the checksum of the header is not looked at
	for _, block := range [][]byte{
		append([]byte{0x80}, "abcdefgh"...),                  // eight literals
		append([]byte{0x03, 8, 0, 0x50}, []byte("12345")...), // seven bytes from eight before, five literals
	} {
		frame = append(binary.LittleEndian.AppendUint32(frame, uint32(len(block))), block...)
	}
	frame = append(frame, 0, 0, 0, 0)
	for _, room := range []int{0, 10, 100} {
		if got, ok := unpackLZ4(make([]byte, 0, room), frame, 100); !ok || string(got) != "abcdefghabcdefg12345" {
			t.Errorf("with room for %d: %q, %v", room, got, ok)
		}
	}
}
