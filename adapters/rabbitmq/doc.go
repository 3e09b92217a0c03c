// Package rabbitmq reads RabbitMQ.
package rabbitmq
