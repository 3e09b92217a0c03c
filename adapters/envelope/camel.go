package envelope

// Camel: the breadcrumb follows an exchange through every route.
var camel = dialect{
	name:    "camel",
	marks:   [][]string{{"breadcrumbid"}},
	headers: []entry{{"breadcrumbid", flow, asIs}},
}
