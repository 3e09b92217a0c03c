package deadletter

import (
	"context"
	"time"
)

type hurryKey struct{}

// Finishing returns a context for what must not be left half done when ctx ends. It does not
// end itself, but [Hurry] tells whoever waits under it that ctx has: then only a broker that
// still answers is waited for.
func Finishing(ctx context.Context) context.Context {
	return context.WithValue(context.WithoutCancel(ctx), hurryKey{}, ctx)
}

// Hurry returns the context whose end says that somebody wants an end: the one that
// [Finishing] was given, or else ctx itself.
func Hurry(ctx context.Context) context.Context {
	if hurry, ok := ctx.Value(hurryKey{}).(context.Context); ok {
		return hurry
	}
	return ctx
}

// Within is ctx with an end: after a while, or, once somebody wants an end (see [Hurry]), a shorter
// while after that or after now.
func Within(ctx context.Context, long, hurried time.Duration) (context.Context, context.CancelFunc) {
	limited, cancel := context.WithTimeout(ctx, long)
	stop := context.AfterFunc(Hurry(ctx), func() { time.AfterFunc(hurried, cancel) })
	return limited, func() { stop(); cancel() }
}
