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
INSERT INTO "experiment_permissions" VALUES(1,'1',2,'MANAGE');
INSERT INTO "experiment_permissions" VALUES(2,'2',2,'READ');
INSERT INTO "experiment_permissions" VALUES(3,'3',2,'USE');
INSERT INTO "experiment_permissions" VALUES(4,'1',3,'EDIT');
INSERT INTO "experiment_permissions" VALUES(5,'2',3,'NO_PERMISSIONS');
CREATE TABLE gateway_endpoint_permissions (
	id INTEGER NOT NULL, 
	endpoint_id VARCHAR(255) NOT NULL, 
	user_id INTEGER NOT NULL, 
	permission VARCHAR(255), 
	PRIMARY KEY (id), 
	CONSTRAINT fk_gateway_endpoint_perm_user_id FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT unique_endpoint_user UNIQUE (endpoint_id, user_id)
);
INSERT INTO "gateway_endpoint_permissions" VALUES(1,'e-1',2,'MANAGE');
CREATE TABLE gateway_model_definition_permissions (
	id INTEGER NOT NULL, 
	model_definition_id VARCHAR(255) NOT NULL, 
	user_id INTEGER NOT NULL, 
	permission VARCHAR(255), 
	PRIMARY KEY (id), 
	CONSTRAINT fk_gateway_model_def_perm_user_id FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT unique_model_def_user UNIQUE (model_definition_id, user_id)
);
INSERT INTO "gateway_model_definition_permissions" VALUES(1,'d-1',2,'READ');
CREATE TABLE gateway_secret_permissions (
	id INTEGER NOT NULL, 
	secret_id VARCHAR(255) NOT NULL, 
	user_id INTEGER NOT NULL, 
	permission VARCHAR(255), 
	PRIMARY KEY (id), 
	CONSTRAINT fk_gateway_secret_perm_user_id FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT unique_secret_user UNIQUE (secret_id, user_id)
);
INSERT INTO "gateway_secret_permissions" VALUES(1,'s-1',2,'USE');
INSERT INTO "gateway_secret_permissions" VALUES(2,'s-1',3,'NO_PERMISSIONS');
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
INSERT INTO "registered_model_permissions" VALUES(1,'churn',2,'EDIT','default');
INSERT INTO "registered_model_permissions" VALUES(2,'größer/大きい 100%',2,'MANAGE','default');
INSERT INTO "registered_model_permissions" VALUES(3,'churn',3,'NO_PERMISSIONS','default');
INSERT INTO "registered_model_permissions" VALUES(4,'churn',4,'MANAGE','default');
INSERT INTO "registered_model_permissions" VALUES(5,'churn',2,'MANAGE','elsewhere');
INSERT INTO "registered_model_permissions" VALUES(6,'fraud',3,'READ','elsewhere');
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
INSERT INTO "role_permissions" VALUES(1,1,'experiment','*','READ');
INSERT INTO "role_permissions" VALUES(2,1,'registered_model','größer/大きい 100%','EDIT');
INSERT INTO "role_permissions" VALUES(3,1,'scorer','1/is it/good','MANAGE');
INSERT INTO "role_permissions" VALUES(4,2,'experiment','*','MANAGE');
INSERT INTO "role_permissions" VALUES(5,3,'workspace','*','MANAGE');
INSERT INTO "role_permissions" VALUES(6,4,'experiment','2','NO_PERMISSIONS');
INSERT INTO "role_permissions" VALUES(7,4,'registered_model','churn','NO_PERMISSIONS');
INSERT INTO "role_permissions" VALUES(8,5,'experiment','1','EDIT');
INSERT INTO "role_permissions" VALUES(9,6,'workspace','*','USE');
INSERT INTO "role_permissions" VALUES(10,7,'workspace','*','USE');
INSERT INTO "role_permissions" VALUES(11,8,'workspace','*','MANAGE');
INSERT INTO "role_permissions" VALUES(12,9,'workspace','*','USE');
INSERT INTO "role_permissions" VALUES(13,9,'experiment','*','EDIT');
INSERT INTO "role_permissions" VALUES(14,9,'registered_model','*','EDIT');
INSERT INTO "role_permissions" VALUES(15,9,'scorer','*','EDIT');
INSERT INTO "role_permissions" VALUES(16,9,'gateway_secret','*','EDIT');
INSERT INTO "role_permissions" VALUES(17,9,'gateway_endpoint','*','EDIT');
INSERT INTO "role_permissions" VALUES(18,9,'gateway_model_definition','*','EDIT');
INSERT INTO "role_permissions" VALUES(19,6,'experiment','1','MANAGE');
INSERT INTO "role_permissions" VALUES(20,6,'experiment','2','READ');
INSERT INTO "role_permissions" VALUES(21,6,'experiment','3','USE');
INSERT INTO "role_permissions" VALUES(22,7,'experiment','1','EDIT');
INSERT INTO "role_permissions" VALUES(23,6,'registered_model','churn','EDIT');
INSERT INTO "role_permissions" VALUES(24,6,'registered_model','größer/大きい 100%','MANAGE');
INSERT INTO "role_permissions" VALUES(25,9,'registered_model','churn','MANAGE');
INSERT INTO "role_permissions" VALUES(26,10,'registered_model','churn','MANAGE');
INSERT INTO "role_permissions" VALUES(27,8,'registered_model','fraud','READ');
INSERT INTO "role_permissions" VALUES(28,6,'scorer','1/is%20it%2Fgood','EDIT');
INSERT INTO "role_permissions" VALUES(29,6,'gateway_secret','s-1','USE');
INSERT INTO "role_permissions" VALUES(30,6,'gateway_endpoint','e-1','MANAGE');
INSERT INTO "role_permissions" VALUES(31,6,'gateway_model_definition','d-1','READ');
CREATE TABLE roles (
	id INTEGER NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	workspace VARCHAR(63) NOT NULL, 
	description VARCHAR(1024), 
	PRIMARY KEY (id), 
	CONSTRAINT unique_workspace_role_name UNIQUE (workspace, name)
);
INSERT INTO "roles" VALUES(1,'readers','default','May look');
INSERT INTO "roles" VALUES(2,'readers','elsewhere',NULL);
INSERT INTO "roles" VALUES(3,'stewards','default',NULL);
INSERT INTO "roles" VALUES(4,'outcasts','default',NULL);
INSERT INTO "roles" VALUES(5,'spare','default','');
INSERT INTO "roles" VALUES(6,'__user_2__','default',NULL);
INSERT INTO "roles" VALUES(7,'__user_3__','default',NULL);
INSERT INTO "roles" VALUES(8,'__user_3__','elsewhere',NULL);
INSERT INTO "roles" VALUES(9,'__user_4__','default',NULL);
INSERT INTO "roles" VALUES(10,'__user_2__','elsewhere',NULL);
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
INSERT INTO "scorer_permissions" VALUES(1,'1','is it/good',2,'EDIT');
INSERT INTO "scorer_permissions" VALUES(2,'1','plain',3,'NO_PERMISSIONS');
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
INSERT INTO "user_role_assignments" VALUES(2,5,1);
INSERT INTO "user_role_assignments" VALUES(3,5,2);
INSERT INTO "user_role_assignments" VALUES(4,4,3);
INSERT INTO "user_role_assignments" VALUES(5,5,4);
INSERT INTO "user_role_assignments" VALUES(6,2,6);
INSERT INTO "user_role_assignments" VALUES(7,3,7);
INSERT INTO "user_role_assignments" VALUES(8,3,8);
INSERT INTO "user_role_assignments" VALUES(9,4,9);
INSERT INTO "user_role_assignments" VALUES(10,2,10);
CREATE TABLE users (
	id INTEGER NOT NULL, 
	username VARCHAR(255), 
	password_hash VARCHAR(255), 
	is_admin BOOLEAN, 
	PRIMARY KEY (id), 
	UNIQUE (username)
);
INSERT INTO "users" VALUES(1,'admin','scrypt:32768:8:1$M14HjpLOPIFLdYJK$ebca095e0d9134f96e080bead838e2ef32ac7836b84137432d825820a6db24eb752bcdbbcc24f47a309528014f11c4dee0264436ecf5e48d434879362b7a5a33',1);
INSERT INTO "users" VALUES(2,'alice','scrypt:32768:8:1$6KejMN6xbER5zHZY$5149c5266ab67b3a83a6efeb296c20a84d3ef9bf8f6f3d4ed6e081cc77fd8309f72b33bbc541f50df148f30cd54bbeb2e1d11773b1cf29091bd1dacb171efb79',0);
INSERT INTO "users" VALUES(3,'o''brien','scrypt:32768:8:1$lidIlwufXTTp5p3G$8720705f858a330c3a19d5ac6ca786437c82ac6b58ba2faa1e769fbc46b9afc26d626f70b2e8b8b8d5f351cbc5560cb9a7fd0656870377033a4bea4342569bde',0);
INSERT INTO "users" VALUES(4,'zoë','scrypt:32768:8:1$gz3BEMLZdJvZbC47$6063cda0e18f770f0172cbbe4a65118a86973b91f3b7dd769223fd93b9c717c6320113b2b9ab53f757aa783d7f2791f276f5b77516537988032e93727626b8d1',1);
INSERT INTO "users" VALUES(5,'bob','scrypt:32768:8:1$f6U3cKGTJHcnfJ7t$a2ccef8b02aee3b6e84292d1a21a7a586808f90e8c13cf4d77a3d66f5730d911f8a839927d35af88bb93ce45d2c57ecba0f8b2530b532f231f738c6b1ea8760d',0);
INSERT INTO "users" VALUES(6,'eve','scrypt:32768:8:1$F2yQhpdMi9wYiGSh$89b12696b06c153007d2da7367b876228bf350b14f9e9265e7ded0f42f60e6150cd4abf646071ecc8cb3d96c60340bca9328dcb02df068005941c9d827989fd2',0);
CREATE TABLE workspace_permissions (
	workspace VARCHAR(63) NOT NULL, 
	user_id INTEGER NOT NULL, 
	permission VARCHAR(32) NOT NULL, 
	CONSTRAINT workspace_permissions_pk PRIMARY KEY (workspace, user_id), 
	FOREIGN KEY(user_id) REFERENCES users (id)
);
INSERT INTO "workspace_permissions" VALUES('default',2,'USE');
INSERT INTO "workspace_permissions" VALUES('default',3,'READ');
INSERT INTO "workspace_permissions" VALUES('elsewhere',3,'MANAGE');
INSERT INTO "workspace_permissions" VALUES('default',4,'EDIT');
INSERT INTO "workspace_permissions" VALUES('elsewhere',5,'NO_PERMISSIONS');
CREATE INDEX idx_workspace_permissions_user_id ON workspace_permissions (user_id);
CREATE INDEX idx_workspace_permissions_workspace ON workspace_permissions (workspace);
CREATE INDEX idx_roles_workspace ON roles (workspace);
CREATE INDEX idx_role_permissions_role_id ON role_permissions (role_id);
CREATE INDEX idx_user_role_assignments_user_id ON user_role_assignments (user_id);
CREATE INDEX idx_user_role_assignments_role_id ON user_role_assignments (role_id);
COMMIT;
