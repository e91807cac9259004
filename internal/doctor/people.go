package doctor

import (
	"context"
	"fmt"
)

// superusers looks for offices in which nobody can help a colleague who is locked out.
func (in *installation) superusers(ctx context.Context, r *report) error {
	codes, err := in.q.DoctorLockedOut(ctx, in.pool)
	if err != nil {
		return fmt.Errorf("look for offices without a superuser: %w", err)
	}
	for _, code := range codes {
		r.warning("Office %s demands two factors, and no superuser there has a confirmed one yet. "+
			"Ask a superuser to sign in and choose one.", code)
	}
	return nil
}

// operators looks for somebody who can see why a user waits.
func (in *installation) operators(ctx context.Context, r *report) error {
	operators, err := in.q.DoctorOperators(ctx, in.pool)
	if err != nil {
		return fmt.Errorf("count the operators: %w", err)
	}
	if operators == 0 {
		r.warning("There is no operator: nobody can see why a user is waiting. Make one with nightlatch operator create.")
	} else {
		r.ok("There is an operator.")
	}
	return nil
}
