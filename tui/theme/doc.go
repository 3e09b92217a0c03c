// Package theme is the visual language: what each colour and glyph means, once, for all
// pages.
//
// # Rules
//
// Quiet: plain text, dim metadata, one accent for what has the focus. Green is done,
// amber late or retried, red failed or dead, blue a known link. Each of these also has
// a glyph, so nothing is told by colour alone. A service keeps one colour on every page,
// out of eight that people with any kind of colour blindness can tell apart (after Paul
// Tol's "light" and "bright" schemes, without the ones near our red and green).
//
// # Concurrency
//
// A [Theme] belongs to the event loop of the screen: it remembers which service took
// which colour.
//
// # Files
//
//	theme.go    Theme, roles, service colours
//	palette.go  the colours themselves: dark and light, true colour and 16
//	glyph.go    glyphs and their ASCII stand-ins
//
// # Not obvious
//
// Styles are those of Lip Gloss. A [Style] is what one of them writes before a text,
// taken once per theme: rows are put together by hand from these, because a cell styled
// by Lip Gloss costs a hundred times as much. For 256 colours the nearest ones are
// taken, as the renderer does, but for the greys; for 16 there is a table of our own, since the nearest of
// 16 is often the wrong one.
package theme
