package passkey

import "github.com/google/uuid"

// nameOf returns what a passkey is called whose user gave it no name: where it is kept, as far as its authenticator
// says (AAGUID; the community's list, passkeydeveloper/passkey-authenticator-aaguids).
func nameOf(aaguid []byte) string {
	id, err := uuid.FromBytes(aaguid)
	if err != nil {
		return unnamed
	}
	switch id.String() {
	case "fbfc3007-154e-4ecc-8c0b-6e020557d7bd", "dd4ec289-e01d-41c9-bb89-70fa845d4bf2":
		return "iCloud Keychain"
	case "ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4":
		return "Google Password Manager"
	case "adce0002-35bc-c60a-648b-0b25f1f05503":
		return "Chrome on Mac"
	case "771b48fd-d3d4-4f74-9232-fc157ab0507a":
		return "Edge on Mac"
	case "08987058-cadc-4b81-b6e1-30de50dcbe96", "9ddd1817-af5a-4672-a2b9-3e3dd95000a9",
		"6028b017-b1d4-4c02-b4b3-afcdafc96bb2":
		return "Windows Hello"
	case "53414d53-554e-4700-0000-000000000000":
		return "Samsung Pass"
	case "bada5566-a7aa-401f-bd96-45619a55120d":
		return "1Password"
	case "d548826e-79b4-db40-a3d8-11116f7e8349":
		return "Bitwarden"
	case "531126d6-e717-415c-9320-3d9aa6981239":
		return "Dashlane"
	case "b84e4048-15dc-4dd0-8640-f4f60813c8af":
		return "NordPass"
	case "0ea242b4-43c4-4a1b-8b17-dd6d0b6baec6":
		return "Keeper"
	case "f3809540-7f14-49c1-a8b3-8f813b225541":
		return "Enpass"
	case "fdb141b2-5d84-443e-8a35-4698c205a502":
		return "KeePassXC"
	case "50726f74-6f6e-5061-7373-50726f746f6e":
		return "Proton Pass"
	}
	return unnamed
}

// unnamed is the same word in every language.
const unnamed = "Passkey"
