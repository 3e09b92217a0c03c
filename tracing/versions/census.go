package versions

import (
	"slices"
	"time"

	"eventscope/adapters"
	"eventscope/adapters/schemas"
)

const (
	// mostTypes, mostVersions, mostWriters and mostLogs bound what is counted: types, versions of
	// one, writers of one, and partitions of which the first position of a version is known.
	mostTypes    = 2000
	mostVersions = 48
	mostWriters  = 16
	mostLogs     = 256
	// mostLooked is in how many logs, by how many writers, it is looked for other shapes of a
	// type, and mostLookedAt in all.
	mostLooked, mostLookedAt = 64, 2000
	// mostInAll bounds versions of all types.
	mostInAll = 8000
	// pathBytes is what a member takes beside its path, kindBytes a type, versionBytes a version,
	// writerBytes a writer, firstBytes the first position in a partition; each about, with its place
	// in a map. mostChanges bounds the changes of one shape.
	pathBytes    = 400
	kindBytes    = 500
	versionBytes = 900
	writerBytes  = 64
	firstBytes   = 64
	mostChanges  = 64
	// mostDeclared is how many versions a type may declare. What has more counts something else by
	// its "version", such as the changes of one order.
	mostDeclared = 24
	// slots times slotWidth is the time over which rates are counted.
	slots     = 7
	slotWidth = 5 * time.Second
)

// Census is how many messages of each version there were. It belongs to one goroutine.
type Census struct {
	types    map[typeKey]*kind
	versions int
	looked   int
	room     room
	most     int
	// Uncounted are messages that would have been one type or version too many.
	Uncounted int64
}

// typeKey is a type at a destination.
type typeKey struct {
	source            int
	destination, name string
}

// kind is a type.
type kind struct {
	unnamed    bool
	events     int64
	declared   int  // versions
	undeclared bool // what it declares is no version
	versions   map[versionKey]*version
	looked     map[writerLog]*drift
	epochs     []epoch
}

// writerLog is a writer in one log.
type writerLog struct {
	service   string
	partition int32
}

// epoch is a shape of a type. The first one has no changes.
type epoch struct {
	before  int
	changes []Change
	firsts  map[int32]gap
	first   Sighting
}

type versionKey struct {
	schema   schemas.Ref
	declared string
	epoch    int
	death    Death
}

// version is what was counted of one.
type version struct {
	events, misfits int64
	first, last     Sighting
	writers         map[string]int64
	others          int64 // of more writers
	firsts          map[int32]gap
	held            int // bytes of the room
	slots           [slots]int64
	slot            int64 // the newest
	// back is where it came again after it was gone, and ofType how many of the type there were
	// when it came last.
	back   Sighting
	ofType int64
	// members are of the values that were looked at where the version was declared.
	members members
}

// NewCensus returns one that has counted nothing, and takes about as many bytes at most. Types and
// versions that are met when there is no room left are not counted; of those that are, no more writers
// and partitions are told apart, nor what changes in them.
func NewCensus(bytes int) *Census {
	return &Census{types: map[typeKey]*kind{}, room: room{left: bytes, forPaths: bytes / 2}, most: bytes}
}

// Bytes is the memory that it takes, about.
func (c *Census) Bytes() int64 { return int64(c.most - c.room.left) }

// room is how much memory is left, in bytes, and how much of that for what changes in values: half of
// all, so that there is room to count when that is used up.
type room struct{ left, forPaths int }

// take reports false where there is not as much.
func (r *room) take(n int) bool {
	if r.left < n {
		return false
	}
	r.left -= n
	return true
}

func (r *room) give(n int) { r.left += n }

// takePath is take for what changes in values.
func (r *room) takePath(n int) bool {
	if r.forPaths < n || !r.take(n) {
		return false
	}
	r.forPaths -= n
	return true
}

func (r *room) givePath(n int) { r.left, r.forPaths = r.left+n, r.forPaths+n }

// Take counts what a [Counter] has counted of a source.
func (c *Census) Take(source int, rows []Row) {
	for i := range rows {
		r := &rows[i]
		k := c.kind(source, r)
		if k == nil {
			c.Uncounted += r.Events
			continue
		}
		before := len(k.versions)
		key := c.versionOf(k, r)
		c.versions += len(k.versions) - before // some may have become one
		if key.schema.By == schemas.ByNothing && key.declared == "" && !key.death.Dead {
			older, newer := c.observe(k, r)
			if newer.row.Events < r.Events {
				c.count(k, versionKey{epoch: older.epoch}, &older.row)
			}
			key.epoch, r = newer.epoch, &newer.row
		}
		if r.Events > 0 {
			c.count(k, key, r)
		}
	}
}

// count counts a row as one of a version, if there is room for that.
func (c *Census) count(k *kind, key versionKey, r *Row) {
	v := k.versions[key]
	if v == nil {
		size := versionBytes + len(key.declared) + len(key.schema.Name) + len(key.death.Origin) + len(key.death.Group) + len(key.death.Exception)
		if len(k.versions) >= mostVersions || c.versions >= mostInAll || !c.room.take(size) {
			c.Uncounted += r.Events
			return
		}
		v = &version{first: r.First, last: r.First, writers: map[string]int64{}, firsts: map[int32]gap{}, held: size}
		k.versions[key] = v
		c.versions++
	}
	k.events += r.Events
	v.cameBack(r, k.events)
	v.count(r, &c.room)
	if key.declared != "" {
		v.members.take(r.Shapes, &c.room)
	}
}

// kind is that of a row, or nil where there are too many.
func (c *Census) kind(source int, r *Row) *kind {
	key := typeKey{source, r.Key.Destination, r.Key.Type}
	k := c.types[key]
	if k == nil && len(c.types) < mostTypes && c.room.take(kindBytes+len(key.destination)+len(key.name)) {
		k = &kind{unnamed: r.Key.Unnamed, versions: map[versionKey]*version{}, epochs: []epoch{{}}}
		c.types[key] = k
	}
	return k
}

// Withdraw takes one message back that was counted under a type and a service that it has no
// longer: those that it had before its schema was known.
func (c *Census) Withdraw(source int, destination, spelled, service string, ref schemas.Ref) {
	name, _ := declared(spelled, "")
	at, key := typeKey{source, destination, name}, versionKey{schema: ref}
	k := c.types[at]
	if k == nil || k.versions[key] == nil {
		return
	}
	v := k.versions[key]
	v.events, k.events = v.events-1, k.events-1
	if _, told := v.writers[service]; !told {
		v.others = max(0, v.others-1)
	} else if v.writers[service]--; v.writers[service] <= 0 {
		delete(v.writers, service)
		v.give(writerBytes+len(service), &c.room)
	}
	if v.events <= 0 {
		v.leave(&c.room)
		delete(k.versions, key)
		c.versions--
	}
	if len(k.versions) == 0 && len(k.looked) == 0 {
		c.room.give(kindBytes + len(at.destination) + len(at.name))
		delete(c.types, at)
	}
}

// versionOf is of which version the messages of a row are.
func (c *Census) versionOf(k *kind, r *Row) versionKey {
	key := versionKey{schema: r.Key.Schema, declared: r.Key.Declared, death: r.Key.Death}
	if key.declared != "" && !k.undeclared && k.versions[key] == nil {
		if k.declared++; k.declared > mostDeclared {
			k.forgetDeclared(&c.room)
		}
	}
	if k.undeclared {
		key.declared = ""
	}
	return key
}

// forgetDeclared makes one version of all that were declared.
func (k *kind) forgetDeclared(room *room) {
	k.undeclared = true
	into := versionKey{epoch: 1}
	for key, v := range k.versions {
		if key.declared == "" || key.death.Dead {
			continue
		}
		delete(k.versions, key)
		v.members.leave(room)
		if known := k.versions[into]; known != nil {
			v.leave(room)
			known.merge(v, room)
		} else {
			k.versions[into] = v
		}
	}
}

// piece is a part of a row, and the shape that its values have.
type piece struct {
	epoch int
	row   Row
}

// observe looks at the shapes in a row, and divides it where its writer began another one: what
// came before that, and what came then, which may be all.
func (c *Census) observe(k *kind, r *Row) (older, newer piece) {
	d := c.driftOf(k, r)
	if d == nil {
		return older, piece{1, *r}
	}
	older.epoch = d.epoch
	newer.row = *r
	for i := range r.Shapes {
		for _, change := range d.take(&r.Shapes[i]) {
			before := d.epoch
			if k.note(d, &change); d.epoch != before && older.row.Events == 0 {
				older.epoch = before
				older.row, newer.row = r.divide(&change)
			}
		}
		if d.samples == learned {
			k.recognise(d)
		}
	}
	newer.epoch = d.epoch
	return older, newer
}

// divide is what of a row came before a change, and what came then. How much that is follows from
// the offsets, since not every message was looked at.
func (r *Row) divide(c *change) (before, then Row) {
	before, then = *r, *r
	length := r.Last.Position.Offset - r.First.Position.Offset
	if begun := c.at.Position.Offset - r.First.Position.Offset; begun > 0 && length > 0 && r.First.Position.Partition > adapters.ByDigest {
		before.Events = min(max(r.Events*begun/(length+1), 1), r.Events-1)
		before.Last, then.First = c.at, c.at
		before.Misfits = min(before.Misfits, before.Events)
	} else {
		before.Events, before.Misfits = 0, 0
	}
	then.Events, then.Misfits = r.Events-before.Events, r.Misfits-before.Misfits
	return before, then
}

// driftOf is what is known of the shapes of the writer of a row in its log, or nil where it is not
// looked at.
func (c *Census) driftOf(k *kind, r *Row) *drift {
	at := writerLog{r.Key.Service, r.First.Position.Partition}
	d := k.looked[at]
	if d == nil {
		if len(k.looked) >= mostLooked || c.looked >= mostLookedAt {
			return nil
		}
		if k.looked == nil {
			k.looked = map[writerLog]*drift{}
		}
		d = &drift{epoch: 1, room: &c.room}
		k.looked[at] = d
		c.looked++
	}
	return d
}

// recognise finds which of the known shapes a log began with.
func (k *kind) recognise(d *drift) {
	for i := len(k.epochs) - 1; i > 0; i-- {
		if e := &k.epochs[i]; !slices.ContainsFunc(e.changes, func(c Change) bool { return !d.looksLike(&c) }) {
			d.epoch = i + 1
			return
		}
	}
}

// note adds a change to the shape that its writer has just begun, or begins another one: that of
// another writer who made the same change to the same shape, if there is one.
func (k *kind) note(d *drift, c *change) {
	if d.epoch > 1 && d.samples-d.since < together {
		k.epochs[d.epoch-1].add(c, d.room)
		return
	}
	same := func(e epoch) bool { return e.before == d.epoch && slices.Contains(e.changes, c.Change) }
	i := slices.IndexFunc(k.epochs, same)
	if i < 0 {
		if i = len(k.epochs); i == mostEpochs || d.room.forPaths < c.size() {
			return
		}
		k.epochs = append(k.epochs, epoch{before: d.epoch, first: c.at, firsts: map[int32]gap{}})
	}
	k.epochs[i].add(c, d.room)
	d.epoch, d.since = i+1, d.samples
}

// add notes a change of the shape, and where it was seen.
func (e *epoch) add(c *change, room *room) {
	if len(e.changes) < mostChanges && !slices.Contains(e.changes, c.Change) && room.takePath(c.size()) {
		e.changes = append(e.changes, c.Change)
	}
	if c.at.before(&e.first) {
		e.first = c.at
	}
	begin(e.firsts, c.at.Position.Partition, c.gap, room)
}

// begin notes where something began in a partition, and returns how much more memory that takes.
func begin(firsts map[int32]gap, partition int32, at gap, room *room) (taken int) {
	known, there := firsts[partition]
	switch {
	case there && known.at <= at.at:
		return 0
	case !there && (len(firsts) >= mostLogs || !room.take(firstBytes)):
		return 0
	case !there:
		taken = firstBytes
	}
	firsts[partition] = at
	return taken
}

const (
	// goneFor is how long a version must not have been seen, of a type that is, to be called gone,
	// and goneBefore how many of other versions must have come meanwhile for it to be back.
	goneFor    = time.Minute
	goneBefore = 100
)

// cameBack notes that a version comes again after it was gone.
func (v *version) cameBack(r *Row, ofType int64) {
	if v.ofType > 0 && r.First.Time.Sub(v.last.Time) > goneFor && ofType-v.ofType-r.Events >= goneBefore {
		v.back = r.First
	}
	v.ofType = ofType
}

// count adds a row.
func (v *version) count(r *Row, room *room) {
	v.events += r.Events
	v.misfits += r.Misfits
	if r.First.before(&v.first) {
		v.first = r.First
	}
	if v.last.before(&r.Last) || v.last.Position.Partition != r.Last.Position.Partition && !r.Last.before(&v.last) {
		v.last = r.Last
	}
	if at := r.First.Position; at.Partition > adapters.ByDigest {
		v.held += begin(v.firsts, at.Partition, gap{at.Offset - 1, at.Offset}, room)
	}
	v.write(r.Key.Service, r.Events, room)
	v.pass(slotOf(r.Last.Time), r.Events)
}

func (v *version) write(service string, events int64, room *room) {
	_, known := v.writers[service]
	if !known {
		size := writerBytes + len(service)
		if len(v.writers) >= mostWriters || !room.take(size) {
			v.others += events
			return
		}
		v.held += size
	}
	v.writers[service] += events
}

// give gives back what a part of it took.
func (v *version) give(bytes int, room *room) {
	v.held -= bytes
	room.give(bytes)
}

// leave gives back all that it took, but for its members.
func (v *version) leave(room *room) { v.give(v.held, room) }

// slotOf is the slot of a time.
func slotOf(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano() / int64(slotWidth)
}

// pass counts events of a slot for the rate.
func (v *version) pass(slot, events int64) {
	for v.slot < slot {
		if slot-v.slot > slots {
			v.slot = slot - slots
		}
		v.slot++
		v.slots[v.slot%slots] = 0
	}
	if v.slot-slot < slots && slot > 0 {
		v.slots[slot%slots] += events
	}
}

// rate is how many there were a second, lately.
func (v *version) rate(now time.Time) float64 {
	newest, sum := slotOf(now), int64(0)
	for slot := newest - slots + 1; slot <= newest; slot++ {
		if slot > v.slot-slots && slot <= v.slot {
			sum += v.slots[slot%slots]
		}
	}
	return float64(sum) / (slots * slotWidth).Seconds()
}

// merge adds what was counted of another version.
func (v *version) merge(o *version, room *room) {
	v.events, v.misfits, v.others = v.events+o.events, v.misfits+o.misfits, v.others+o.others
	if o.first.before(&v.first) {
		v.first = o.first
	}
	if v.last.before(&o.last) {
		v.last = o.last
	}
	for service, events := range o.writers {
		v.write(service, events, room)
	}
	for partition, at := range o.firsts {
		v.held += begin(v.firsts, partition, at, room)
	}
	for slot := o.slot - slots + 1; slot <= o.slot; slot++ {
		v.pass(slot, o.slots[max(0, slot)%slots])
	}
}
