package query

import (
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"
)

// split takes an expression over flows apart at the && that join it: into what asks about single
// events, and what asks about the flow as a whole, which is known only when somebody looks.
// A part that asks about both at once is refused.
func split(source string) (events, flow *expression, err error) {
	tree, err := parser.Parse(source)
	if err != nil {
		return nil, nil, faultOf(err, Flows)
	}
	var ofEvents, ofFlow []string
	for _, part := range conjuncts(tree.Node, nil) {
		found := names{}
		ast.Walk(&part, &found)
		switch {
		case found.flow == nil && found.event:
			ofEvents = append(ofEvents, "("+part.String()+")")
		case found.event:
			name := found.flow.Value
			return nil, nil, &Error{Column: found.flow.Location().From + 1, Reason: name + " is of the flow as a whole, and what is asked together with it of its single events; join the two by && alone"}
		default:
			ofFlow = append(ofFlow, "("+part.String()+")")
		}
	}
	if len(ofEvents) > 0 {
		if events, err = compileSource(strings.Join(ofEvents, " && "), Flows); err != nil {
			return nil, nil, err
		}
	}
	flow, err = compileSource(strings.Join(ofFlow, " && "), Flows)
	return events, flow, err
}

// conjuncts appends to list what the && of an expression join.
func conjuncts(node ast.Node, list []ast.Node) []ast.Node {
	if and, ok := node.(*ast.BinaryNode); ok && (and.Operator == "&&" || and.Operator == "and") {
		return conjuncts(and.Right, conjuncts(and.Left, list))
	}
	return append(list, node)
}

// names are what a part of an expression asks about.
type names struct {
	flow  *ast.IdentifierNode // the first field of a flow as a whole
	event bool                // something of single events
}

// Visit implements ast.Visitor.
func (n *names) Visit(node *ast.Node) {
	name, ok := (*node).(*ast.IdentifierNode)
	switch {
	case !ok || bitOf[name.Value] == 0:
	case bitOf[name.Value]&ofFlowAlone == 0:
		n.event = true
	case n.flow == nil:
		n.flow = name
	}
}
