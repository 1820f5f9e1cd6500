package main

import (
	"context"
	"fmt"
	"sync"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// server answers what Terraform asks of a provider. The embedded interface is nil: what no configuration here needs would panic.
type server struct {
	tfprotov5.ProviderServer
	schemas schemas
	cloud   *cloud

	mutex       sync.RWMutex
	region      string
	defaultTags map[string]tftypes.Value
}

func (s *server) GetProviderSchema(context.Context, *tfprotov5.GetProviderSchemaRequest) (*tfprotov5.GetProviderSchemaResponse, error) {
	return &tfprotov5.GetProviderSchemaResponse{
		Provider: s.schemas.provider, ResourceSchemas: s.schemas.resources, DataSourceSchemas: s.schemas.dataSources,
		ServerCapabilities: &tfprotov5.ServerCapabilities{GetProviderSchemaOptional: true},
	}, nil
}

func (s *server) GetResourceIdentitySchemas(context.Context, *tfprotov5.GetResourceIdentitySchemasRequest) (*tfprotov5.GetResourceIdentitySchemasResponse, error) {
	return &tfprotov5.GetResourceIdentitySchemasResponse{}, nil
}

func (s *server) PrepareProviderConfig(_ context.Context, request *tfprotov5.PrepareProviderConfigRequest) (*tfprotov5.PrepareProviderConfigResponse, error) {
	return &tfprotov5.PrepareProviderConfigResponse{PreparedConfig: request.Config}, nil
}

func (s *server) ConfigureProvider(_ context.Context, request *tfprotov5.ConfigureProviderRequest) (*tfprotov5.ConfigureProviderResponse, error) {
	config, err := request.Config.Unmarshal(s.schemas.provider.ValueType())
	if err != nil {
		return nil, err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.region = text(child(config, "region"))
	var blocks []tftypes.Value
	if err := child(config, "default_tags").As(&blocks); err != nil {
		return nil, err
	}
	for _, block := range blocks {
		if tags := child(block, "tags"); tags.IsFullyKnown() && !tags.IsNull() {
			if err := tags.As(&s.defaultTags); err != nil {
				return nil, err
			}
		}
	}
	return &tfprotov5.ConfigureProviderResponse{}, nil
}

func (s *server) StopProvider(context.Context, *tfprotov5.StopProviderRequest) (*tfprotov5.StopProviderResponse, error) {
	s.cloud.stop()
	return &tfprotov5.StopProviderResponse{}, nil
}

func (s *server) ValidateResourceTypeConfig(_ context.Context, request *tfprotov5.ValidateResourceTypeConfigRequest) (*tfprotov5.ValidateResourceTypeConfigResponse, error) {
	found, err := readOnlySet(s.schemas.resources[request.TypeName], request.Config)
	return &tfprotov5.ValidateResourceTypeConfigResponse{Diagnostics: found}, err
}

func (s *server) ValidateDataSourceConfig(_ context.Context, request *tfprotov5.ValidateDataSourceConfigRequest) (*tfprotov5.ValidateDataSourceConfigResponse, error) {
	found, err := readOnlySet(s.schemas.dataSources[request.TypeName], request.Config)
	return &tfprotov5.ValidateDataSourceConfigResponse{Diagnostics: found}, err
}

// readOnlySet reports the read-only attributes that a configuration sets: the one rule of a schema that Terraform leaves to providers.
func readOnlySet(schema *tfprotov5.Schema, written *tfprotov5.DynamicValue) (found []*tfprotov5.Diagnostic, err error) {
	config, err := written.Unmarshal(schema.ValueType())
	if err != nil {
		return nil, err
	}
	err = tftypes.Walk(config, func(path *tftypes.AttributePath, value tftypes.Value) (bool, error) {
		attribute := attributeAt(schema.Block, path)
		if attribute != nil && attribute.Computed && !attribute.Optional && !value.IsNull() {
			found = append(found, &tfprotov5.Diagnostic{
				Severity:  tfprotov5.DiagnosticSeverityError,
				Attribute: path,
				Summary:   "Value for unconfigurable attribute",
				Detail:    fmt.Sprintf("%q is decided by AWS: it cannot be set.", attribute.Name),
			})
		}
		return true, nil
	})
	return found, err
}

func (s *server) UpgradeResourceState(_ context.Context, request *tfprotov5.UpgradeResourceStateRequest) (*tfprotov5.UpgradeResourceStateResponse, error) {
	typ := s.schemas.resources[request.TypeName].ValueType()
	state, err := request.RawState.Unmarshal(typ)
	if err != nil {
		return nil, err
	}
	value, err := tfprotov5.NewDynamicValue(typ, state)
	return &tfprotov5.UpgradeResourceStateResponse{UpgradedState: &value}, err
}

func (s *server) ReadResource(_ context.Context, request *tfprotov5.ReadResourceRequest) (*tfprotov5.ReadResourceResponse, error) {
	typ := s.schemas.resources[request.TypeName].ValueType()
	state, err := request.CurrentState.Unmarshal(typ)
	if err != nil {
		return nil, err
	}
	there, err := s.cloud.exists(request.TypeName, text(child(state, "id")))
	if err != nil || there {
		return &tfprotov5.ReadResourceResponse{NewState: request.CurrentState, Private: request.Private}, err
	}
	gone, err := tfprotov5.NewDynamicValue(typ, tftypes.NewValue(typ, nil))
	return &tfprotov5.ReadResourceResponse{NewState: &gone}, err
}

func (s *server) ReadDataSource(_ context.Context, request *tfprotov5.ReadDataSourceRequest) (*tfprotov5.ReadDataSourceResponse, error) {
	schema := s.schemas.dataSources[request.TypeName]
	config, err := request.Config.Unmarshal(schema.ValueType())
	if err != nil {
		return nil, err
	}
	made := newInventor(request.TypeName, config, text(child(config, "name")), s.region)
	state, err := tftypes.Transform(config, func(path *tftypes.AttributePath, value tftypes.Value) (tftypes.Value, error) {
		if attribute := attributeAt(schema.Block, path); attribute != nil && attribute.Computed && value.IsNull() {
			return made.value(path, value.Type()), nil
		}
		return value, nil
	})
	if err != nil {
		return nil, err
	}
	value, err := tfprotov5.NewDynamicValue(schema.ValueType(), state)
	return &tfprotov5.ReadDataSourceResponse{State: &value}, err
}
