BEGIN TRANSACTION;
CREATE TABLE alembic_version_auth (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_auth_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version_auth" VALUES('f1a2b3c4d5e6');
CREATE TABLE experiment_permissions (
	id INTEGER NOT NULL, 
	experiment_id VARCHAR(255) NOT NULL, 
	user_id INTEGER NOT NULL, 
	permission VARCHAR(255), 
	PRIMARY KEY (id), 
	CONSTRAINT fk_user_id FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT unique_experiment_user UNIQUE (experiment_id, user_id)
);
CREATE TABLE gateway_endpoint_permissions (
	id INTEGER NOT NULL, 
	endpoint_id VARCHAR(255) NOT NULL, 
	user_id INTEGER NOT NULL, 
	permission VARCHAR(255), 
	PRIMARY KEY (id), 
	CONSTRAINT fk_gateway_endpoint_perm_user_id FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT unique_endpoint_user UNIQUE (endpoint_id, user_id)
);
CREATE TABLE gateway_model_definition_permissions (
	id INTEGER NOT NULL, 
	model_definition_id VARCHAR(255) NOT NULL, 
	user_id INTEGER NOT NULL, 
	permission VARCHAR(255), 
	PRIMARY KEY (id), 
	CONSTRAINT fk_gateway_model_def_perm_user_id FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT unique_model_def_user UNIQUE (model_definition_id, user_id)
);
CREATE TABLE gateway_secret_permissions (
	id INTEGER NOT NULL, 
	secret_id VARCHAR(255) NOT NULL, 
	user_id INTEGER NOT NULL, 
	permission VARCHAR(255), 
	PRIMARY KEY (id), 
	CONSTRAINT fk_gateway_secret_perm_user_id FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT unique_secret_user UNIQUE (secret_id, user_id)
);
CREATE TABLE "registered_model_permissions" (
	id INTEGER NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	user_id INTEGER NOT NULL, 
	permission VARCHAR(255), 
	workspace VARCHAR(63) DEFAULT 'default' NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT fk_user_id FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT unique_workspace_name_user UNIQUE (workspace, name, user_id)
);
CREATE TABLE role_permissions (
	id INTEGER NOT NULL, 
	role_id INTEGER NOT NULL, 
	resource_type VARCHAR(64) NOT NULL, 
	resource_pattern VARCHAR(255) NOT NULL, 
	permission VARCHAR(255) NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT unique_role_resource_perm UNIQUE (role_id, resource_type, resource_pattern), 
	FOREIGN KEY(role_id) REFERENCES roles (id)
);
INSERT INTO "role_permissions" VALUES(1,1,'experiment','1','MANAGE');
INSERT INTO "role_permissions" VALUES(2,1,'experiment','2','READ');
INSERT INTO "role_permissions" VALUES(3,1,'experiment','3','USE');
INSERT INTO "role_permissions" VALUES(4,1,'experiment','*','READ');
INSERT INTO "role_permissions" VALUES(5,1,'registered_model','churn','EDIT');
INSERT INTO "role_permissions" VALUES(6,1,'registered_model','größer/大きい 100%','MANAGE');
INSERT INTO "role_permissions" VALUES(7,1,'prompt','greeting','EDIT');
INSERT INTO "role_permissions" VALUES(8,1,'scorer','1/is%20it%2Fgood','EDIT');
INSERT INTO "role_permissions" VALUES(9,1,'gateway_secret','s-1','USE');
INSERT INTO "role_permissions" VALUES(10,1,'gateway_endpoint','e-1','MANAGE');
INSERT INTO "role_permissions" VALUES(11,1,'gateway_model_definition','d-1','READ');
INSERT INTO "role_permissions" VALUES(12,1,'run','*','READ');
INSERT INTO "role_permissions" VALUES(13,2,'experiment','1','EDIT');
INSERT INTO "role_permissions" VALUES(14,2,'experiment','3','DENY');
INSERT INTO "role_permissions" VALUES(15,2,'registered_model','fraud','DENY');
INSERT INTO "role_permissions" VALUES(16,3,'registered_model','churn','MANAGE');
INSERT INTO "role_permissions" VALUES(17,4,'registered_model','churn','MANAGE');
INSERT INTO "role_permissions" VALUES(18,5,'registered_model','fraud','READ');
INSERT INTO "role_permissions" VALUES(19,1,'workspace','*','USE');
INSERT INTO "role_permissions" VALUES(20,5,'workspace','*','MANAGE');
INSERT INTO "role_permissions" VALUES(21,6,'experiment','*','READ');
INSERT INTO "role_permissions" VALUES(22,6,'registered_model','größer/大きい 100%','EDIT');
INSERT INTO "role_permissions" VALUES(23,6,'scorer','1/is it/good','MANAGE');
INSERT INTO "role_permissions" VALUES(24,7,'experiment','*','MANAGE');
INSERT INTO "role_permissions" VALUES(25,8,'workspace','*','MANAGE');
INSERT INTO "role_permissions" VALUES(26,9,'experiment','3','DENY');
INSERT INTO "role_permissions" VALUES(27,9,'trace','*','DENY');
INSERT INTO "role_permissions" VALUES(28,10,'experiment','1','EDIT');
CREATE TABLE roles (
	id INTEGER NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	workspace VARCHAR(63) NOT NULL, 
	description VARCHAR(1024), 
	PRIMARY KEY (id), 
	CONSTRAINT unique_workspace_role_name UNIQUE (workspace, name)
);
INSERT INTO "roles" VALUES(1,'__user_2__','default',NULL);
INSERT INTO "roles" VALUES(2,'__user_3__','default',NULL);
INSERT INTO "roles" VALUES(3,'__user_4__','default',NULL);
INSERT INTO "roles" VALUES(4,'__user_2__','elsewhere',NULL);
INSERT INTO "roles" VALUES(5,'__user_3__','elsewhere',NULL);
INSERT INTO "roles" VALUES(6,'readers','default','May look');
INSERT INTO "roles" VALUES(7,'readers','elsewhere',NULL);
INSERT INTO "roles" VALUES(8,'stewards','default',NULL);
INSERT INTO "roles" VALUES(9,'outcasts','default',NULL);
INSERT INTO "roles" VALUES(10,'spare','default','');
CREATE TABLE scorer_permissions (
	id INTEGER NOT NULL, 
	experiment_id VARCHAR(255) NOT NULL, 
	scorer_name VARCHAR(256) NOT NULL, 
	user_id INTEGER NOT NULL, 
	permission VARCHAR(255), 
	PRIMARY KEY (id), 
	CONSTRAINT fk_scorer_perm_user_id FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT unique_scorer_user UNIQUE (experiment_id, scorer_name, user_id)
);
CREATE TABLE user_role_assignments (
	id INTEGER NOT NULL, 
	user_id INTEGER NOT NULL, 
	role_id INTEGER NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT unique_user_role UNIQUE (user_id, role_id), 
	FOREIGN KEY(user_id) REFERENCES users (id), 
	FOREIGN KEY(role_id) REFERENCES roles (id)
);
INSERT INTO "user_role_assignments" VALUES(1,2,1);
INSERT INTO "user_role_assignments" VALUES(2,3,2);
INSERT INTO "user_role_assignments" VALUES(3,4,3);
INSERT INTO "user_role_assignments" VALUES(4,2,4);
INSERT INTO "user_role_assignments" VALUES(5,3,5);
INSERT INTO "user_role_assignments" VALUES(6,2,6);
INSERT INTO "user_role_assignments" VALUES(7,5,6);
INSERT INTO "user_role_assignments" VALUES(8,5,7);
INSERT INTO "user_role_assignments" VALUES(9,4,8);
INSERT INTO "user_role_assignments" VALUES(10,5,9);
CREATE TABLE users (
	id INTEGER NOT NULL, 
	username VARCHAR(255), 
	password_hash VARCHAR(255), 
	is_admin BOOLEAN, 
	PRIMARY KEY (id), 
	UNIQUE (username)
);
INSERT INTO "users" VALUES(1,'admin','scrypt:32768:8:1$rsfomKLlIgsDAswA$c5138a3b35a93ff897bb4fdebd5367376f74069ad74376f2100bdae81d17a57ea77c9f52249b60ac5c98041a44ebeddb6bafbe46f0618a1f9309f00bd313cd11',1);
INSERT INTO "users" VALUES(2,'alice','scrypt:32768:8:1$M6hYbsJBCxKxADuN$b29fa41a612e082262424a0c97391f0bd76fd1ea371dc83c8ee6c6afa29d8fc13123d0c4212e72a19188739b99c87bbcdff35fda439eb151effae4570eca2947',0);
INSERT INTO "users" VALUES(3,'o''brien','scrypt:32768:8:1$JBs4IuQw3wawq7zq$76df3902c4687ac6f5634ff65231edf2512071afc177b7e4eb146a2f94ebb5d6373e93ae26538e23dd2b6fde38327ed56164382e5d411a4370df1dbe38eff5d7',0);
INSERT INTO "users" VALUES(4,'zoë','scrypt:32768:8:1$FApUr8MWWufAkp7f$5f8fbb8d87c1608884d721194fc8e1af69892e9b36dde00b497d02a0b7078f6cf6369251d88ca9cf8039ee89370fe8411df22e2ba6d3ddb7545797b8e130bf1c',1);
INSERT INTO "users" VALUES(5,'bob','scrypt:32768:8:1$w7xdBBwYdBF346lT$394f64a4cd9d2e2810f476a0f20693c7fdfcd8282a2801b289a9bd22c161304e28f833a4b1a2c5dca566a93173fb9f3f6d3a8c87e118a5c1227011fe8718e20f',0);
INSERT INTO "users" VALUES(6,'eve','scrypt:32768:8:1$UrWWuK47ql5re6QZ$4a093daa594eb1c03f3c5916a686e7a3c5cb5b715969aae5e3df364ea6bcdcc27b9b5ccce2e8d4c5d4b3a177a8dff8aad215e9e492fc206b681591385bff5e72',0);
CREATE TABLE workspace_permissions (
	workspace VARCHAR(63) NOT NULL, 
	user_id INTEGER NOT NULL, 
	permission VARCHAR(32) NOT NULL, 
	CONSTRAINT workspace_permissions_pk PRIMARY KEY (workspace, user_id), 
	FOREIGN KEY(user_id) REFERENCES users (id)
);
CREATE INDEX idx_workspace_permissions_user_id ON workspace_permissions (user_id);
CREATE INDEX idx_workspace_permissions_workspace ON workspace_permissions (workspace);
CREATE INDEX idx_roles_workspace ON roles (workspace);
CREATE INDEX idx_role_permissions_role_id ON role_permissions (role_id);
CREATE INDEX idx_user_role_assignments_user_id ON user_role_assignments (user_id);
CREATE INDEX idx_user_role_assignments_role_id ON user_role_assignments (role_id);
COMMIT;
