// SPDX-License-Identifier: Apache-2.0

// Reads a Lambda event of SNS whose messages are alarms with AWS's own types for Go, and prints what it understood.
package main

import (
	"encoding/json"
	"log"
	"os"

	"github.com/aws/aws-lambda-go/events"
)

func main() {
	strict := json.NewDecoder(os.Stdin)
	strict.DisallowUnknownFields()
	var event events.SNSEvent
	if err := strict.Decode(&event); err != nil {
		log.Fatal(err)
	}
	for _, record := range event.Records {
		var alarm events.CloudWatchAlarmSNSPayload
		if err := json.Unmarshal([]byte(record.SNS.Message), &alarm); err != nil {
			log.Fatal(err)
		}
		if err := json.NewEncoder(os.Stdout).Encode(alarm); err != nil {
			log.Fatal(err)
		}
	}
}
