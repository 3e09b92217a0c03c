package dialect

// Camel: the breadcrumb follows an exchange through every route.
var camel = Dialect{
	Name:    "camel",
	Marks:   [][]string{{"breadcrumbid"}},
	Headers: []Entry{{"breadcrumbid", Flow, AsIs}},
}
