package main

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/go-playground/validator/v10"
)

var validate = newValidate()

func newValidate() *validator.Validate {
	validate := validator.New(validator.WithRequiredStructEnabled())
	validate.RegisterTagNameFunc(memberName)
	if err := validate.RegisterValidation("address", isAddress); err != nil {
		panic(err)
	}
	return validate
}

func memberName(field reflect.StructField) string {
	return field.Tag.Get("json")
}

// isAddress asks of an email what the API does: something, one @, something, and no white space.
func isAddress(field validator.FieldLevel) bool {
	local, domain, found := strings.Cut(field.Field().String(), "@")
	return found && local != "" && domain != "" &&
		!strings.ContainsFunc(local+domain, func(r rune) bool { return r == '@' || unicode.IsSpace(r) })
}

// violations validates target, leaving out the fields that are known to be invalid and what lies below them.
func violations(target any, known []invalidField) []invalidField {
	var failed validator.ValidationErrors
	if !errors.As(validate.Struct(target), &failed) {
		return nil
	}
	var fields []invalidField
	for _, violation := range failed {
		path := dotted(violation.Namespace())
		if !slices.ContainsFunc(known, func(k invalidField) bool { return path == k.Field || strings.HasPrefix(path, k.Field+".") }) {
			fields = append(fields, invalidField{Field: path, Message: requirement(violation)})
		}
	}
	return fields
}

// dotted turns the validator's `echoRequest.items[0].price` into `items.0.price`.
func dotted(namespace string) string {
	_, path, _ := strings.Cut(namespace, ".")
	return strings.NewReplacer("[", ".", "]", "").Replace(path)
}

func requirement(violation validator.FieldError) string {
	unit := map[reflect.Kind]string{reflect.String: " characters", reflect.Slice: " entries"}[violation.Kind()]
	switch violation.Tag() {
	case "required":
		return "must be present and not null"
	case "min":
		return "must be at least " + violation.Param() + unit
	case "max":
		return "must be at most " + violation.Param() + unit
	case "excludes":
		return "must not contain the character NUL"
	case "address":
		return "must be an email address"
	default:
		return "must satisfy " + violation.Tag()
	}
}
