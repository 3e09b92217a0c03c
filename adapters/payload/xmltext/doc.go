// Package xmltext makes JSON of XML, for those who want its parts: an outline, a filter, a mapping.
//
// # Owner and concurrency
//
// Functions only.
//
// # What may be lost
//
// Comments, instructions, prefixes of names, and the order of elements of different names: elements of
// one name are an array where there are several. Attributes are members whose names begin with @, and
// text beside them is the member #text. All values are text, spelled as they were sent, but for white
// space around them.
//
// # Files
//
//	xmltext.go  AppendJSON
//	tree.go     what is between XML and JSON
//
// # Not obvious
//
// No entity is expanded but the five of XML, and none is defined: a text with others is not read. What
// is outside is not looked at, and neither depth nor size is what a text says, but bounded.
package xmltext
