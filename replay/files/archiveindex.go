package files

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"os"

	"eventscope/adapters"
)

// archiveIndex says where in an archive a letter lies: a table of hashes in a file, so that
// nothing has to be kept in memory or read through, however much was archived. It is made
// anew from the archive when it is not there or does not fit; nothing is believed of it
// that the archive does not say too.
type archiveIndex struct {
	disk *Disk
	path string
	file *os.File

	covered int64       // of the archive
	slots   uint64      // of the table, a power of two
	used    uint64      // of them
	tail    archiveTail // of what is covered
}

type (
	archiveKey  = [16]byte
	archiveTail = [16]byte
)

const (
	indexMagic  = "evscope1"
	IndexHeader = 48
	IndexSlot   = 24
	IndexLeast  = 1 << 10
	indexMost   = 1 << 40
)

// archiveKeyOf is the key of a letter; without contents, that of any at a position.
func archiveKeyOf(position adapters.Position, content adapters.Fingerprint) (key archiveKey) {
	text := position.AppendTo(nil)
	if !content.IsZero() {
		text = append(append(text, ' '), content[:]...)
	}
	sum := sha256.Sum256(text)
	copy(key[:], sum[:])
	return key
}

// openIndex opens an index, an empty one if there is none that can be read.
func openIndex(d *Disk, path string) (*archiveIndex, error) {
	file, err := d.Open(path, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, err
	}
	x := &archiveIndex{disk: d, path: path, file: file}
	var header [IndexHeader]byte
	if _, err := file.ReadAt(header[:], 0); err == nil && string(header[:8]) == indexMagic {
		x.covered = int64(binary.LittleEndian.Uint64(header[8:]))
		x.slots = binary.LittleEndian.Uint64(header[16:])
		x.used = binary.LittleEndian.Uint64(header[24:])
		copy(x.tail[:], header[32:])
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	if x.covered < 0 || x.slots < IndexLeast || x.slots > indexMost || x.slots&(x.slots-1) != 0 || x.used*2 > x.slots || info.Size() != IndexHeader+int64(x.slots)*IndexSlot {
		if err := x.reset(); err != nil {
			return nil, errors.Join(err, file.Close())
		}
	}
	return x, nil
}

// reset empties it.
func (x *archiveIndex) reset() error {
	x.covered, x.slots, x.used, x.tail = 0, IndexLeast, 0, archiveTail{}
	if err := x.file.Truncate(0); err != nil {
		return err
	}
	return x.file.Truncate(IndexHeader + IndexLeast*IndexSlot)
}

// commit writes down what of the archive is covered.
func (x *archiveIndex) commit() error {
	header := make([]byte, 0, IndexHeader)
	header = append(header, indexMagic...)
	for _, n := range []uint64{uint64(x.covered), x.slots, x.used} {
		header = binary.LittleEndian.AppendUint64(header, n)
	}
	_, err := x.file.WriteAt(append(header, x.tail[:]...), 0)
	return err
}

// find is the value of a key. Slot is where it is, or would go; it is 0 if there is no room.
func (x *archiveIndex) find(key archiveKey) (value uint64, slot int64, found bool, err error) {
	at := binary.LittleEndian.Uint64(key[:])
	for probe := range x.slots {
		slot := IndexHeader + int64((at+probe)&(x.slots-1))*IndexSlot
		var entry [IndexSlot]byte
		if _, err := x.file.ReadAt(entry[:], slot); err != nil && !errors.Is(err, io.EOF) {
			return 0, 0, false, err
		}
		value := binary.LittleEndian.Uint64(entry[16:])
		switch {
		case value == 0:
			return 0, slot, false, nil
		case archiveKey(entry[:16]) == key:
			return value, slot, true, nil
		}
	}
	return 0, 0, false, nil
}

// set gives a key a value, which is not 0.
func (x *archiveIndex) set(key archiveKey, value uint64) error {
	if (x.used+1)*2 > x.slots {
		if err := x.grow(); err != nil {
			return err
		}
	}
	_, slot, found, err := x.find(key)
	if err == nil && slot == 0 { // whoever died while it wrote has counted fewer than there are
		if err = x.grow(); err == nil {
			_, slot, found, err = x.find(key)
		}
	}
	if err != nil {
		return err
	}
	if !found {
		x.used++
	}
	_, err = x.file.WriteAt(binary.LittleEndian.AppendUint64(key[:], value), slot)
	return err
}

// grow makes the table twice as large, in a new file that takes the place of this one.
func (x *archiveIndex) grow() error {
	path := x.path + ".new"
	_ = os.Remove(path) // what a crash has left
	file, err := x.disk.Open(path, os.O_RDWR|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return err
	}
	larger := &archiveIndex{disk: x.disk, path: x.path, file: file, slots: x.slots * 2, covered: x.covered, tail: x.tail}
	if err = file.Truncate(IndexHeader + int64(larger.slots)*IndexSlot); err == nil {
		err = x.each(larger.set)
	}
	if err == nil {
		err = larger.commit()
	}
	if err == nil {
		err = os.Rename(path, x.path)
	}
	if err != nil {
		return errors.Join(err, file.Close())
	}
	err = x.file.Close()
	*x = *larger
	return err
}

// each calls do for all entries.
func (x *archiveIndex) each(do func(key archiveKey, value uint64) error) error {
	table := io.NewSectionReader(x.file, IndexHeader, int64(x.slots)*IndexSlot)
	part := make([]byte, 1024*IndexSlot)
	for {
		n, err := io.ReadFull(table, part)
		for entry := part[:n]; len(entry) >= IndexSlot; entry = entry[IndexSlot:] {
			if value := binary.LittleEndian.Uint64(entry[16:]); value != 0 {
				if err := do(archiveKey(entry[:16]), value); err != nil {
					return err
				}
			}
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return nil
		case err != nil:
			return err
		}
	}
}

func (x *archiveIndex) close() error { return x.file.Close() }
