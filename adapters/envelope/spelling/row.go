package spelling

import "bytes"

// OfTable stands between the table and the key of a row: shop.public.orders/7.
const OfTable = '/'

// KeyOfRow is what an id ends with that names a row: the key of that, or the end of it. Of any other id
// it is a part as well.
func KeyOfRow(id []byte) []byte {
	if at := bytes.LastIndexByte(id, OfTable); at >= 0 && at < len(id)-1 {
		return id[at+1:]
	}
	return id
}

// IsRowOf reports whether an id names a row of that key, in whatever table.
func IsRowOf(id, key []byte) bool {
	return len(key) > 0 && len(id) > len(key) && id[len(id)-len(key)-1] == OfTable && bytes.HasSuffix(id, key)
}
