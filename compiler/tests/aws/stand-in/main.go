// Command terraform-provider-aws stands in for the provider hashicorp/aws in tests: it serves that provider's schema, checks
// configurations against it, and plays a cloud whose every resource stands in a ledger.
package main

import (
	"fmt"
	"os"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tfprotov5/tf5server"
)

const address = "registry.terraform.io/hashicorp/aws"

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve() error {
	schemas, err := readSchemas()
	if err != nil {
		return err
	}
	faults, err := readFaults(os.Getenv("STAND_IN_FAULTS"))
	if err != nil {
		return err
	}
	provider := &server{
		schemas: schemas,
		cloud:   newCloud(os.Getenv("STAND_IN_LEDGER"), os.Getenv("STAND_IN_POOL"), faults),
	}
	return tf5server.Serve(address, func() tfprotov5.ProviderServer { return provider })
}
