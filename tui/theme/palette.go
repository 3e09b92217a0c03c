package theme

// Style is the parameters of an SGR sequence, such as "38;2;86;180;233;1". Empty is the
// terminal's own colour.
type Style string

// palette is the roles' styles and the services' colours for one kind of terminal.
type palette struct {
	roles    [roleCount]Style
	services []Style
}

var darkPalette = palette{
	roles: [roleCount]Style{
		Dim: "38;2;140;146;155", Accent: "38;2;255;203;107;1", Good: "38;2;126;200;130", Warn: "38;2;240;180;80",
		Bad: "38;2;255;120;112", Link: "38;2;110;170;255", Strong: "1", Selected: "38;2;235;238;242;48;2;50;56;68", Title: "1",
		Faint: "38;2;92;98;108", Marked: "38;2;255;203;107",
	},
	services: []Style{
		"38;2;119;170;221", "38;2;238;136;102", "38;2;238;221;136", "38;2;255;170;187",
		"38;2;153;221;255", "38;2;68;187;153", "38;2;204;187;68", "38;2;204;153;255",
	},
}

var lightPalette = palette{
	roles: [roleCount]Style{
		Dim: "38;2;95;100;108", Accent: "38;2;150;75;0;1", Good: "38;2;20;110;40", Warn: "38;2;150;90;0",
		Bad: "38;2;185;25;25", Link: "38;2;20;80;190", Strong: "1", Selected: "38;2;25;28;33;48;2;222;229;240", Title: "1",
		Faint: "38;2;150;155;162", Marked: "38;2;150;75;0",
	},
	services: []Style{
		"38;2;51;102;170", "38;2;180;80;30", "38;2;120;105;0", "38;2;190;50;110",
		"38;2;0;119;160", "38;2;0;120;95", "38;2;105;100;30", "38;2;115;60;190",
	},
}

// basicPalette uses the 16 colours that a terminal's own theme chooses, so it fits dark
// and light backgrounds alike.
var basicPalette = palette{
	roles: [roleCount]Style{
		Dim: "2", Accent: "1;36", Good: "32", Warn: "33", Bad: "31", Link: "34", Strong: "1", Selected: "7", Title: "1",
		Faint: "2", Marked: "36",
	},
	services: []Style{"36", "35", "94", "33", "96", "95", "34", "93"},
}

// plainPalette has no colour: weight and reversal only.
var plainPalette = palette{
	roles: [roleCount]Style{
		Dim: "2", Accent: "1", Warn: "1", Bad: "1", Strong: "1", Selected: "7", Title: "1", Faint: "2", Marked: "1",
	},
	services: []Style{""},
}
