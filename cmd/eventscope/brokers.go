package main

import (
	"eventscope/adapters/aws"
	"eventscope/adapters/kafka"
	"eventscope/adapters/rabbitmq"
	"eventscope/adapters/servicebus"
	"eventscope/cmd/internal/source"
)

// brokers are all that the program knows. A broker is its folder under adapters, and a line here.
var brokers = source.Drivers{
	&kafka.Driver,
	&rabbitmq.Driver,
	&aws.SQS,
	&aws.SNS,
	&servicebus.Driver,
}
