package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"reflect"
	"strconv"
)

// mismatches lists every value of a JSON body whose type target does not have: encoding/json reports only the
// first, and without its place in a list.
func mismatches(body []byte, target any, reported *json.UnmarshalTypeError) []invalidField {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var document any
	if err := decoder.Decode(&document); err == nil {
		if fields := mistyped("", document, reflect.TypeOf(target)); len(fields) > 0 {
			return fields
		}
	}
	// encoding/json matches the names of members without regard to case; the walk does not, and misses these.
	return []invalidField{{Field: reported.Field, Message: "must be " + jsonType(reported.Type)}}
}

// mistyped walks a decoded JSON value beside the Go type that it has to fit. A null fits everything: it leaves a
// nil pointer or slice, which the validator reports.
func mistyped(path string, value any, target reflect.Type) []invalidField {
	if target.Kind() == reflect.Pointer {
		return mistyped(path, value, target.Elem())
	}
	var fields []invalidField
	switch value := value.(type) {
	case nil:
		return nil
	case map[string]any:
		if target.Kind() == reflect.Struct {
			for field := range target.Fields() {
				name := memberName(field)
				fields = append(fields, mistyped(join(path, name), value[name], field.Type)...)
			}
			return fields
		}
	case []any:
		if target.Kind() == reflect.Slice {
			for i, entry := range value {
				fields = append(fields, mistyped(join(path, strconv.Itoa(i)), entry, target.Elem())...)
			}
			return fields
		}
	case string:
		if target.Kind() == reflect.String {
			return nil
		}
	case bool:
		if target.Kind() == reflect.Bool {
			return nil
		}
	case json.Number:
		if fits(value, target.Kind()) {
			return nil
		}
	}
	return []invalidField{{Field: cmp.Or(path, "body"), Message: "must be " + jsonType(target)}}
}

func fits(number json.Number, kind reflect.Kind) bool {
	var err error
	switch kind {
	case reflect.Int64:
		_, err = number.Int64()
	case reflect.Float64:
		_, err = number.Float64()
	default:
		return false
	}
	return err == nil
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// jsonType names the JSON type of a Go type that the request bodies use.
func jsonType(target reflect.Type) string {
	switch target.Kind() {
	case reflect.Pointer:
		return jsonType(target.Elem())
	case reflect.Struct:
		return "an object"
	case reflect.Slice:
		return "an array"
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "a boolean"
	case reflect.Int64:
		return "an integer of 64 bits"
	default:
		return "a number"
	}
}
