"""What a model, or a program over MCP, may use."""

from agents.tools.base import Tool
from tenants.plugins.registry import Plugin, PluginRegistry

TOOLS = PluginRegistry(
    Tool,
    {
        "search_knowledge": Plugin(
            "Search the knowledge", "agents.tools.search_knowledge:SearchKnowledge"
        ),
        "find_contact": Plugin("Find a contact", "agents.tools.find_contact:FindContact"),
        "find_lead": Plugin("Find leads", "agents.tools.find_lead:FindLead"),
        "read_conversation": Plugin(
            "Read a conversation", "agents.tools.read_conversation:ReadConversation"
        ),
        "list_documents": Plugin("List documents", "agents.tools.list_documents:ListDocuments"),
        "check_approval": Plugin("Check an approval", "agents.tools.check_approval:CheckApproval"),
        "update_lead": Plugin("Update the lead", "agents.tools.update_lead:UpdateLead"),
        "hand_over": Plugin("Hand over to a person", "agents.tools.hand_over:HandOver"),
    },
)
