package web

import (
	"html/template"

	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/otp"
	screens "github.com/nightlatch/nightlatch/templates/factor"
)

// AppSetup returns the page that shows the key of a new authenticator app, as a QR code and as text.
func AppSetup(setup factor.Setup) (screens.AppSetupView, error) {
	qr, err := otp.NewQR(setup.URI)
	if err != nil {
		return screens.AppSetupView{}, err
	}
	return screens.AppSetupView{
		URI:    template.URL(setup.URI), // #nosec G203 -- made by otp.Secret.URI, every part escaped
		Secret: setup.Secret.Grouped(), QRSize: qr.Size, QRPath: qr.Path,
	}, nil
}
