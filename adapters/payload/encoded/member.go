package encoded

// Wanted says what a member is to whoever reads an object: one whose value is kept, one
// whose own members may be wanted, both or neither. M is what the caller knows members by;
// of the whole value it is the one that the plan was made with.
type Wanted[M any] func(object M, name []byte) (member M, keep, enter bool)

// Found is a member of which the value was kept.
type Found[M any] struct {
	// Object is what the member was found in, and Member what it is.
	Object, Member M
	// Parent is the name of the object, nil at the top, and Name that of the member.
	Parent, Name []byte
	// Value is its text: of a string, a symbol, a number, true or false, or of what a
	// type means. It may lie in the data that was read.
	Value []byte
}
