package query

import (
	"fmt"
	"reflect"
	"regexp"
	"time"

	"github.com/expr-lang/expr/ast"
)

// patcher walks a parsed expression. It notes which fields are used, and puts
// functions in the place of operators whose operands are only known when a message is
// at hand: the language's own operators stop at a nil or at another type, and a filter
// must go on.
type patcher struct {
	of    Of
	uses  nameSet
	fault *Error
	// decided are the nodes put in that are true or false, which their type does not
	// say (see dynamicFunctions).
	decided map[ast.Node]bool
}

// dynamicOperators are the functions for operators; their names are none that can be
// written.
var dynamicOperators = map[string]string{
	"==": "$same", "!=": "$other", "<": "$less", ">": "$more", "<=": "$atMost", ">=": "$atLeast", "in": "$in",
	"+": "$plus", "-": "$minus", "*": "$times", "/": "$over", "%": "$rest",
}

// Visit implements ast.Visitor.
func (p *patcher) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		p.uses |= bitOf[n.Value]
		p.refuse(n, fieldOf[n.Value].notOf(p.of))
	case *ast.CallNode:
		p.call(n)
	case *ast.BuiltinNode:
		if n.Name == "len" && len(n.Arguments) == 1 && p.isDynamic(n.Arguments[0]) {
			p.patch(node, "$len", n.Arguments...)
		}
	case *ast.UnaryNode:
		if n.Operator == "!" || n.Operator == "not" {
			p.truth(&n.Node)
		}
	case *ast.ConditionalNode:
		p.truth(&n.Cond)
	case *ast.BinaryNode:
		p.binary(node, n)
	}
}

// call hands the message to the functions that read it, and looks at what is constant
// in their arguments.
func (p *patcher) call(n *ast.CallNode) {
	callee, ok := n.Callee.(*ast.IdentifierNode)
	if !ok {
		return
	}
	switch callee.Value {
	case "json", "header", "has":
		if callee.Value == "has" {
			p.decided[n] = true
		}
		n.Arguments = append([]ast.Node{&ast.IdentifierNode{Value: "$env"}}, n.Arguments...)
	case "ago":
		if len(n.Arguments) != 1 {
			return
		}
		if text, ok := n.Arguments[0].(*ast.StringNode); ok {
			if _, err := time.ParseDuration(text.Value); err != nil {
				p.refuse(text, fmt.Sprintf("%q is no length of time; write one such as 90s, 10m or 2h", text.Value))
			}
		}
	}
}

// refuse notes what is wrong with a node, unless reason is "" or something before it is wrong.
func (p *patcher) refuse(node ast.Node, reason string) {
	if reason != "" && p.fault == nil {
		p.fault = &Error{Column: node.Location().From + 1, Reason: reason}
	}
}

// values looks at the texts with which a field is compared that has few values.
func (p *patcher) values(field, values ast.Node) {
	name, ok := field.(*ast.IdentifierNode)
	if !ok {
		return
	}
	switch v := values.(type) {
	case *ast.StringNode:
		p.refuse(v, fieldOf[name.Value].never(v.Value, p.of))
	case *ast.ArrayNode:
		for _, one := range v.Nodes {
			p.values(field, one)
		}
	}
}

func (p *patcher) binary(node *ast.Node, n *ast.BinaryNode) {
	switch n.Operator {
	case "==", "!=":
		p.values(n.Right, n.Left)
		fallthrough
	case "in":
		p.values(n.Left, n.Right)
	}
	switch n.Operator {
	case "&&", "and", "||", "or":
		p.truth(&n.Left)
		p.truth(&n.Right)
	case "contains", "startsWith", "endsWith", "matches":
		if isHeader(n.Left) && !isBadPattern(n) {
			p.patch(node, "$"+n.Operator, n.Left, n.Right)
			p.decided[*node] = true
			return
		}
		if p.isDynamic(n.Left) {
			p.patch(&n.Left, "$text", n.Left)
		}
		if p.isDynamic(n.Right) {
			p.patch(&n.Right, "$text", n.Right)
		}
	default:
		name, known := dynamicOperators[n.Operator]
		if !known || !p.isDynamic(n.Left) && !p.isDynamic(n.Right) || isNil(n.Left) || isNil(n.Right) {
			return
		}
		p.patch(node, name, n.Left, n.Right)
		switch n.Operator {
		case "==", "!=", "<", ">", "<=", ">=", "in":
			p.decided[*node] = true
		}
	}
}

// isHeader reports whether a value is that of a header, which may be there more than once.
func isHeader(node ast.Node) bool {
	call, ok := node.(*ast.CallNode)
	if !ok {
		return false
	}
	callee, ok := call.Callee.(*ast.IdentifierNode)
	return ok && callee.Value == "header"
}

// isBadPattern reports whether the language itself will refuse a regular expression.
func isBadPattern(n *ast.BinaryNode) bool {
	pattern, ok := n.Right.(*ast.StringNode)
	if !ok || n.Operator != "matches" {
		return false
	}
	_, err := regexp.Compile(pattern.Value)
	return err != nil
}

// truth makes an operand that may be anything true only when it is true.
func (p *patcher) truth(node *ast.Node) {
	if p.isDynamic(*node) {
		p.patch(node, "$true", *node)
		p.decided[*node] = true
	}
}

// isDynamic reports whether the type of a value is not known before there is a message.
func (p *patcher) isDynamic(node ast.Node) bool {
	if isNil(node) || p.decided[node] {
		return false
	}
	t := node.Type()
	return t == nil || t.Kind() == reflect.Interface
}

func isNil(node ast.Node) bool {
	_, ok := node.(*ast.NilNode)
	return ok
}

// patch puts a call in the place of a node.
func (p *patcher) patch(node *ast.Node, function string, arguments ...ast.Node) {
	callee := &ast.IdentifierNode{Value: function}
	callee.SetLocation((*node).Location())
	ast.Patch(node, &ast.CallNode{Callee: callee, Arguments: arguments})
}
