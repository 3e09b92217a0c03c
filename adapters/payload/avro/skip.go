package avro

// pass steps over a number, or over bytes behind their length, if that takes a byte or two, as nearly all
// do. It reports false where the value must be looked at more closely.
func (d *decoder) pass(n *node) bool {
	at := d.at + 1
	if at >= len(d.data) {
		return false
	}
	number := int(d.data[at-1])
	if number >= 0x80 {
		if d.data[at] >= 0x80 {
			return false
		}
		number = number&0x7f | int(d.data[at])<<7
		at++
	}
	switch n.kind {
	case intKind, longKind:
	case bytesKind, stringKind:
		if at += number >> 1; number&1 != 0 || at > len(d.data) { // an odd one is negative
			return false
		}
	default:
		return false
	}
	d.at = at
	return true
}

// skip steps over a value of n.
func (d *decoder) skip(n *node) (err error) {
	if n.least == 0 {
		if err = d.none(); err != nil {
			return err
		}
	}
	switch n.kind {
	case nullKind:
	case booleanKind:
		_, err = d.boolean()
	case intKind:
		_, err = d.long(32)
	case longKind:
		_, err = d.long(64)
	case floatKind, doubleKind:
		_, err = d.take(n.least, n.kind.String())
	case bytesKind, stringKind:
		_, err = d.sized(n.kind.String())
	case fixedKind:
		_, err = d.take(n.size, "fixed")
	case enumKind:
		_, err = d.index(len(n.symbols), "symbols")
	case arrayKind, mapKind:
		err = d.skipItems(n)
	case unionKind:
		var branch int
		if branch, err = d.index(len(n.branches), "branches"); err == nil {
			err = d.skip(n.branches[branch])
		}
	case recordKind:
		if err = d.down(); err != nil {
			return err
		}
		for i := range n.fields {
			if field := n.fields[i].node; !d.pass(field) {
				if err = d.skip(field); err != nil {
					return err
				}
			}
		}
		d.up()
	}
	return err
}

// skipItems steps over blocks, and over those whose size is told without looking.
func (d *decoder) skipItems(n *node) error {
	if err := d.down(); err != nil {
		return err
	}
	defer d.up()
	for {
		items, size, err := d.blocks(n.leastItem())
		if err != nil || items == 0 {
			return err
		}
		if size >= 0 {
			d.at += size
			continue
		}
		for range items {
			if n.kind == mapKind {
				if _, err := d.sized("a key"); err != nil {
					return err
				}
			}
			if err := d.skip(n.items); err != nil {
				return err
			}
		}
	}
}

// leastItem is the fewest bytes that an item of an array or an entry of a map takes.
func (n *node) leastItem() int {
	if n.kind == mapKind {
		return n.items.least + 1
	}
	return n.items.least
}
