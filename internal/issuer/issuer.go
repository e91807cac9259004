// Package issuer is Nightlatch as an OpenID Connect provider: the keys that it signs with, its clients, and the policy
// of their applications at each authorization, refresh and introspection. The protocol is zitadel/oidc's; this package
// is its storage. See docs/adr/0020-oidc-library.md.
//
// The rules it protects. A key stands in the published set before it signs and after. A code serves once, for its own
// client, address and verifier. Every grant is the child of a session and dies with it, and what an application may
// know is judged by application.Door.Decide, as for every other way in.
package issuer
