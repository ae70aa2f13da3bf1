"""People who work in an org of Salesforce's: the simulator's."""

import httpx

KEY = "Leadwire_Id__c"


class Org:
    """Somebody who works in it."""

    def __init__(self, simulator) -> None:
        self.simulator = simulator
        self.root = f"{simulator.url}/salesforce/services"
        begun = {"grant_type": "client_credentials", "client_secret": "s3cret"}
        token = httpx.post(f"{self.root}/oauth2/token", data=begun).json()["access_token"]
        self.headers = {"authorization": f"Bearer {token}"}

    def write(self, kind: str, **fields) -> str:
        """Makes a record, or changes the one whose id is given."""
        record = {"attributes": {"type": kind}, **fields}
        url = f"{self.root}/data/v64.0/composite/sobjects"
        method = "PATCH" if "id" in fields else "POST"
        answer = httpx.request(method, url, json={"records": [record]}, headers=self.headers)
        return str(answer.json()[0]["id"])

    def convert(self, lead: dict, *, stage: str) -> str:
        became = {
            "ConvertedAccountId": self.write("Account", Name=lead["Company"]),
            "ConvertedContactId": self.write("Contact", LastName=lead["LastName"]),
            "ConvertedOpportunityId": self.write(
                "Opportunity",
                Name="Bikes",
                StageName=stage,
                OwnerId="005A",
                CreatedById="005A",
                Owner={"Email": "api@salesforce.example"},
            ),
        }
        url = f"{self.root}/data/v64.0/composite/sobjects/Lead/{KEY}"
        record = {KEY: lead[KEY], "IsConverted": True, **became}
        httpx.patch(url, json={"records": [record]}, headers=self.headers)
        return became["ConvertedOpportunityId"]

    def deal(self) -> dict:
        (found,) = self.simulator.objects("salesforce:Opportunity")
        return dict(found)
