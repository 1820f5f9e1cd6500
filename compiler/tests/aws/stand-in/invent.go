package main

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// prefixes begin the ids that AWS generates; other ids are names.
var prefixes = map[string]string{
	"aws_default_security_group": "sg", "aws_ec2_capacity_reservation": "cr", "aws_instance": "i", "aws_internet_gateway": "igw",
	"aws_route_table": "rtb", "aws_route_table_association": "rtbassoc", "aws_security_group": "sg", "aws_subnet": "subnet", "aws_vpc": "vpc",
	"aws_vpc_security_group_egress_rule": "sgr", "aws_vpc_security_group_ingress_rule": "sgr",
}

// fixed is what the name of an attribute does not tell.
var fixed = map[string]string{
	"aws_caller_identity.account_id": "123456789012",
	"aws_instance.instance_state":    "running",
	"aws_partition.partition":        "aws",
}

// inventor makes up what AWS would have decided about one object. A value depends on nothing but the object's seed and the value's
// path: a walk over an object has no order, and what is read twice must be the same.
type inventor struct {
	typeName, id, seed, region string
}

func newInventor(typeName string, object tftypes.Value, seed, region string) inventor {
	made := inventor{typeName: typeName, seed: seed, region: region}
	if prefix, ok := prefixes[typeName]; ok {
		made.id = prefix + "-" + made.digits("id")
		return made
	}
	var names []string
	for _, name := range []string{"group_name", "role", "resource_id", "route_table_id", "name", "key", "key_name", "family", "policy_arn", "destination_cidr_block"} {
		if word := text(child(object, name)); word != "" {
			names = append(names, word)
		}
	}
	made.id = strings.Join(names, "/")
	return made
}

// digits returns 17 hexadecimal digits, as many as AWS's ids have.
func (i inventor) digits(key string) string {
	return fmt.Sprintf("%x", sha256.Sum256([]byte(i.typeName+" "+i.seed+" "+key)))[:17]
}

func (i inventor) value(path *tftypes.AttributePath, typ tftypes.Type) tftypes.Value {
	switch {
	case typ.Is(tftypes.Object{}):
		members := map[string]tftypes.Value{}
		for name, inner := range typ.(tftypes.Object).AttributeTypes {
			members[name] = i.value(path.WithAttributeName(name), inner)
		}
		return tftypes.NewValue(typ, members)
	case typ.Is(tftypes.List{}), typ.Is(tftypes.Set{}):
		return tftypes.NewValue(typ, []tftypes.Value{})
	case typ.Is(tftypes.Map{}):
		return tftypes.NewValue(typ, map[string]tftypes.Value{})
	case typ.Is(tftypes.Number):
		return tftypes.NewValue(typ, 1)
	case typ.Is(tftypes.Bool):
		return tftypes.NewValue(typ, false)
	}
	return tftypes.NewValue(typ, i.word(lastName(path), path.String()))
}

func (i inventor) word(name, path string) string {
	if word, ok := fixed[i.typeName+"."+name]; ok {
		return word
	}
	switch {
	case name == "id":
		return i.id
	case name == "region":
		return i.region
	case name == "arn":
		return fmt.Sprintf("arn:aws:%s:%s:123456789012:%s", strings.Split(i.typeName, "_")[1], i.region, i.id)
	case name == "primary_network_interface_id":
		return "eni-" + i.digits(path)
	case i.typeName == "aws_ssm_parameter" && strings.HasSuffix(name, "value"):
		return "ami-" + i.digits("image")
	case strings.HasSuffix(name, "_ip"):
		digits := sha256.Sum256([]byte(i.seed + path))
		return fmt.Sprintf("198.19.%d.%d", digits[0], digits[1])
	}
	return strings.ReplaceAll(name, "_", "-") + "-" + i.digits(path)
}

// child returns a member of an object, null if there is none.
func child(object tftypes.Value, name string) tftypes.Value {
	var members map[string]tftypes.Value
	if !object.Type().Is(tftypes.Object{}) || object.As(&members) != nil {
		return tftypes.NewValue(tftypes.String, nil)
	}
	if value, ok := members[name]; ok {
		return value
	}
	return tftypes.NewValue(tftypes.String, nil)
}

// text returns a string, empty if it is none or not known yet.
func text(value tftypes.Value) string {
	var word string
	if value.IsKnown() && !value.IsNull() && value.Type().Is(tftypes.String) && value.As(&word) == nil {
		return word
	}
	return ""
}

func lastName(path *tftypes.AttributePath) string {
	last := ""
	for _, step := range path.Steps() {
		if name, ok := step.(tftypes.AttributeName); ok {
			last = string(name)
		}
	}
	return last
}
