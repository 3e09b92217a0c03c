package avro

// skip steps over a value of n.
func (d *decoder) skip(n *node) (err error) {
	if err = d.none(n); err != nil {
		return err
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
			if err = d.skip(n.fields[i].node); err != nil {
				return err
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
