"""From a metre of road and a truck to litres and kg CO2e."""
