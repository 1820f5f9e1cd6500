package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

func (s *server) PlanResourceChange(_ context.Context, request *tfprotov5.PlanResourceChangeRequest) (*tfprotov5.PlanResourceChangeResponse, error) {
	schema := s.schemas.resources[request.TypeName]
	typ := schema.ValueType()
	prior, err := request.PriorState.Unmarshal(typ)
	if err != nil {
		return nil, err
	}
	proposed, err := request.ProposedNewState.Unmarshal(typ)
	if err != nil {
		return nil, err
	}
	if proposed.IsNull() {
		return &tfprotov5.PlanResourceChangeResponse{PlannedState: request.ProposedNewState, PlannedPrivate: request.PriorPrivate}, nil
	}
	planned, err := tftypes.Transform(proposed, func(path *tftypes.AttributePath, value tftypes.Value) (tftypes.Value, error) {
		attribute := attributeAt(schema.Block, path)
		switch {
		case attribute == nil:
			return value, nil
		case attribute.WriteOnly:
			return tftypes.NewValue(value.Type(), nil), nil
		case attribute.Name == "tags_all" && len(path.Steps()) == 1:
			return s.allTags(child(proposed, "tags"))
		// What AWS decides is unknown until it is asked; where nothing changes, nothing is asked.
		case attribute.Computed && value.IsNull() && !proposed.Equal(prior):
			return tftypes.NewValue(value.Type(), tftypes.UnknownValue), nil
		}
		return value, nil
	})
	if err != nil {
		return nil, err
	}
	value, err := tfprotov5.NewDynamicValue(typ, planned)
	return &tfprotov5.PlanResourceChangeResponse{PlannedState: &value, PlannedPrivate: request.PriorPrivate}, err
}

// allTags joins a resource's own tags with the provider's default ones.
func (s *server) allTags(own tftypes.Value) (tftypes.Value, error) {
	typ := tftypes.Map{ElementType: tftypes.String}
	if !own.IsFullyKnown() {
		return tftypes.NewValue(typ, tftypes.UnknownValue), nil
	}
	s.mutex.RLock()
	all := maps.Clone(s.defaultTags)
	s.mutex.RUnlock()
	if all == nil {
		all = map[string]tftypes.Value{}
	}
	if !own.IsNull() {
		var tags map[string]tftypes.Value
		if err := own.As(&tags); err != nil {
			return own, err
		}
		maps.Copy(all, tags)
	}
	return tftypes.NewValue(typ, all), nil
}

func (s *server) ApplyResourceChange(_ context.Context, request *tfprotov5.ApplyResourceChangeRequest) (*tfprotov5.ApplyResourceChangeResponse, error) {
	typ := s.schemas.resources[request.TypeName].ValueType()
	prior, err := request.PriorState.Unmarshal(typ)
	if err != nil {
		return nil, err
	}
	planned, err := request.PlannedState.Unmarshal(typ)
	if err != nil {
		return nil, err
	}
	var state tftypes.Value
	switch {
	case planned.IsNull():
		err = s.cloud.destroy(event{Action: "destroy", Type: request.TypeName, ID: text(child(prior, "id"))})
		state = planned
	case prior.IsNull():
		state, err = s.create(request.TypeName, planned)
	default:
		state, err = s.update(request.TypeName, planned)
	}
	if err != nil {
		return &tfprotov5.ApplyResourceChangeResponse{
			NewState: request.PriorState, Private: request.PlannedPrivate,
			Diagnostics: []*tfprotov5.Diagnostic{{
				Severity: tfprotov5.DiagnosticSeverityError,
				Summary:  fmt.Sprintf("changing %s: %v", request.TypeName, err),
			}},
		}, nil
	}
	value, err := tfprotov5.NewDynamicValue(typ, state)
	return &tfprotov5.ApplyResourceChangeResponse{NewState: &value, Private: request.PlannedPrivate}, err
}

func (s *server) create(typeName string, planned tftypes.Value) (tftypes.Value, error) {
	made := newInventor(typeName, planned, rand.Text(), s.region)
	asked := event{Action: "create", Type: typeName, ID: made.id, Tags: tagsOf(planned)}
	happened, err := s.cloud.create(asked, text(child(planned, "instance_type")))
	if err != nil {
		return planned, err
	}
	return tftypes.Transform(planned, func(path *tftypes.AttributePath, value tftypes.Value) (tftypes.Value, error) {
		switch name := lastName(path); {
		case value.IsKnown():
			return value, nil
		case name == "public_ip" && happened.Address != "":
			return tftypes.NewValue(tftypes.String, happened.Address), nil
		case name == "private_ip" && happened.PrivateAddress != "":
			return tftypes.NewValue(tftypes.String, happened.PrivateAddress), nil
		}
		return made.value(path, value.Type()), nil
	})
}

func (s *server) update(typeName string, planned tftypes.Value) (tftypes.Value, error) {
	id := text(child(planned, "id"))
	if _, err := s.cloud.update(event{Action: "update", Type: typeName, ID: id, Tags: tagsOf(planned)}); err != nil {
		return planned, err
	}
	made := newInventor(typeName, planned, id, s.region)
	return tftypes.Transform(planned, func(path *tftypes.AttributePath, value tftypes.Value) (tftypes.Value, error) {
		if value.IsKnown() {
			return value, nil
		}
		return made.value(path, value.Type()), nil
	})
}

// tagsOf returns what a resource is tagged with; nothing where its type has no tags.
func tagsOf(planned tftypes.Value) map[string]string {
	var tags map[string]tftypes.Value
	if all := child(planned, "tags_all"); !all.IsKnown() || all.IsNull() || all.As(&tags) != nil {
		return nil
	}
	words := make(map[string]string, len(tags))
	for key, value := range tags {
		words[key] = text(value)
	}
	return words
}
