package spelling

// Trace context. Trace ids are 32 hexadecimal digits in lower case; the 16 of older B3
// senders are padded on the left, so that the two compare (openzipkin/b3-propagation).

// TraceparentID is the trace id of a W3C traceparent, "00-<32 hex>-<16 hex>-<2 hex>"
// with a version of two digits and, in later versions, more behind (W3C Trace Context,
// section 3.2). Nil when it is not one.
func TraceparentID(b []byte) []byte {
	if len(b) < 55 || b[2] != '-' || b[35] != '-' || b[52] != '-' {
		return nil
	}
	if !isHex(b[:2]) || !isHex(b[3:35]) || !isHex(b[36:52]) || !isHex(b[53:55]) || string(b[:2]) == "ff" {
		return nil
	}
	if len(b) > 55 && (b[55] != '-' || string(b[:2]) == "00") {
		return nil
	}
	return b[3:35]
}

// B3ID is the trace id of a single b3 header, "<trace>-<span>[-…]", or of X-B3-TraceId,
// which is the trace id alone. Nil when it is neither, as a bare sampling decision.
func B3ID(b []byte) []byte {
	id := FirstOf(b, '-')
	if (len(id) != 32 && len(id) != 16) || !isHex(id) {
		return nil
	}
	return id
}

// AppendXRayID appends the trace id of an AWS trace header, "Root=1-<8 hex>-<24 hex>;Parent=…", whose
// parts are in any order: both runs of digits. It appends nothing when it is not one.
func AppendXRayID(dst, b []byte) []byte {
	for len(b) > 0 {
		part := FirstOf(b, ';')
		if b = b[len(part):]; len(b) > 0 {
			b = b[1:]
		}
		if len(part) > 0 && part[0] == ' ' {
			part = part[1:]
		}
		if len(part) == len("Root=1-")+8+1+24 && string(part[:7]) == "Root=1-" && part[15] == '-' && isHex(part[7:15]) && isHex(part[16:]) {
			return append(append(dst, part[7:15]...), part[16:]...)
		}
	}
	return dst
}

// hexadecimal are the digits of both cases.
var hexadecimal = func() (is [256]bool) {
	for _, c := range []byte("0123456789abcdefABCDEF") {
		is[c] = true
	}
	return is
}()

func isHex(b []byte) bool {
	for _, c := range b {
		if !hexadecimal[c] {
			return false
		}
	}
	return true
}

// AppendTraceID appends a trace id in the one form, 32 digits in lower case.
func AppendTraceID(dst, id []byte) []byte {
	for range 32 - len(id) {
		dst = append(dst, '0')
	}
	for _, c := range id {
		if 'A' <= c && c <= 'F' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}
