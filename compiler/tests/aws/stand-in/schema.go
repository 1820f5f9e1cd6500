package main

import (
	_ "embed"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// What `terraform providers schema -json` prints for the real provider, for the types that the modules use.
//
//go:embed schema.json
var schemaJSON []byte

type schemas struct {
	provider    *tfprotov5.Schema
	resources   map[string]*tfprotov5.Schema
	dataSources map[string]*tfprotov5.Schema
}

type jsonSchema struct {
	Version int64
	Block   jsonBlock
}

type jsonBlock struct {
	Attributes map[string]struct {
		Type                                    json.RawMessage
		Required, Optional, Computed, Sensitive bool
		WriteOnly                               bool `json:"write_only"`
	}
	BlockTypes map[string]struct {
		NestingMode string `json:"nesting_mode"`
		Block       jsonBlock
		MinItems    int64 `json:"min_items"`
		MaxItems    int64 `json:"max_items"`
	} `json:"block_types"`
}

func readSchemas() (schemas, error) {
	var document struct {
		Schemas map[string]struct {
			Provider    jsonSchema
			Resources   map[string]jsonSchema `json:"resource_schemas"`
			DataSources map[string]jsonSchema `json:"data_source_schemas"`
		} `json:"provider_schemas"`
	}
	if err := json.Unmarshal(schemaJSON, &document); err != nil {
		return schemas{}, err
	}
	found := document.Schemas[address]
	all := schemas{resources: map[string]*tfprotov5.Schema{}, dataSources: map[string]*tfprotov5.Schema{}}
	var err error
	if all.provider, err = schemaOf(found.Provider); err != nil {
		return schemas{}, fmt.Errorf("provider: %w", err)
	}
	for name, written := range found.Resources {
		if all.resources[name], err = schemaOf(written); err != nil {
			return schemas{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	for name, written := range found.DataSources {
		if all.dataSources[name], err = schemaOf(written); err != nil {
			return schemas{}, fmt.Errorf("data %s: %w", name, err)
		}
	}
	return all, nil
}

func schemaOf(written jsonSchema) (*tfprotov5.Schema, error) {
	block, err := blockOf(written.Block)
	return &tfprotov5.Schema{Version: written.Version, Block: block}, err
}

var nestings = map[string]tfprotov5.SchemaNestedBlockNestingMode{
	"list":   tfprotov5.SchemaNestedBlockNestingModeList,
	"set":    tfprotov5.SchemaNestedBlockNestingModeSet,
	"single": tfprotov5.SchemaNestedBlockNestingModeSingle,
}

func blockOf(written jsonBlock) (*tfprotov5.SchemaBlock, error) {
	block := &tfprotov5.SchemaBlock{}
	for name, attribute := range written.Attributes {
		//lint:ignore SA1019 meant for Terraform's own schema files, which this is
		typ, err := tftypes.ParseJSONType(attribute.Type)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		block.Attributes = append(block.Attributes, &tfprotov5.SchemaAttribute{
			Name: name, Type: typ, Required: attribute.Required, Optional: attribute.Optional,
			Computed: attribute.Computed, Sensitive: attribute.Sensitive, WriteOnly: attribute.WriteOnly,
		})
	}
	for name, nested := range written.BlockTypes {
		inner, err := blockOf(nested.Block)
		if err != nil {
			return nil, fmt.Errorf("%s.%w", name, err)
		}
		block.BlockTypes = append(block.BlockTypes, &tfprotov5.SchemaNestedBlock{
			TypeName: name, Block: inner, Nesting: nestings[nested.NestingMode], MinItems: nested.MinItems, MaxItems: nested.MaxItems,
		})
	}
	return block, nil
}

// attributeAt returns the attribute that a path ends at; nil for blocks and for what lies inside an attribute.
func attributeAt(block *tfprotov5.SchemaBlock, path *tftypes.AttributePath) *tfprotov5.SchemaAttribute {
	var found *tfprotov5.SchemaAttribute
	for _, step := range path.Steps() {
		name, named := step.(tftypes.AttributeName)
		if found != nil || block == nil {
			return nil
		}
		if named {
			found, block = member(block, string(name))
		}
	}
	return found
}

func member(block *tfprotov5.SchemaBlock, name string) (*tfprotov5.SchemaAttribute, *tfprotov5.SchemaBlock) {
	for _, attribute := range block.Attributes {
		if attribute.Name == name {
			return attribute, nil
		}
	}
	for _, nested := range block.BlockTypes {
		if nested.TypeName == name {
			return nil, nested.Block
		}
	}
	return nil, nil
}
